"""A configuration file, and the journeys it names, to what an agent runs."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from probe.agent.config import AgentConfig, Override, Written
from probe.agent.control import Target, parse_target
from probe.agent.grid import grid_of
from probe.agent.missing import missing_files
from probe.agent.planned import Planned
from probe.agent.readers import CONFIG_READERS, name_of
from probe.agent.writing import unsafe_writes
from probe.errors import SpecError, UsageError
from probe.evaluate.suggest import did_you_mean
from probe.evaluate.template import names_in
from probe.model.journey import TARGET, Journey, Schedule
from probe.model.network import NOTHING_SAID
from probe.model.place import Mistake
from probe.model.slot import Placement
from probe.model.template import Call, Text, Value
from probe.safety.secrets import SecretError, Sources
from probe.spec.decode import BAD, Decoder
from probe.spec.load import find_files, load_journeys
from probe.spec.nodes import Mapping as MappingNode
from probe.spec.parse import parse
from probe.spec.source import Source, read_source


class Loaded(Struct, frozen=True):
    """Everything a configuration says, checked."""

    config: AgentConfig
    folder: Path
    planned: tuple[Planned, ...]
    disabled: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def state(self) -> Path:
        return self.folder / self.config.state

    @property
    def secret_sources(self) -> Sources:
        written = self.config.secrets
        return Sources(
            self.folder / written.folder if written.folder else None,
            {name: self.folder / path for name, path in written.files.items()},
            written.commands,
        )

    @property
    def kill_switch(self) -> Path | None:
        """The file the configuration names."""
        return self.folder / self.config.kill_switch if self.config.kill_switch else None


def load_agent(path: Path) -> Loaded:
    """SpecError carries all mistakes of the configuration, or else all of its journeys and of how they go together."""
    config = read_config(read_source(path, "configuration", "region: <name>"))
    mistakes: list[Mistake] = []
    journeys = _load_journeys(config, path.parent, mistakes)
    mistakes += [*_wrong_names(config, journeys), *_wrong_regions(config), *_not_here(config.network)]
    targets = tuple(_read_targets(config, mistakes))
    enabled = [journey for journey in journeys if _override(config, journey).enabled]
    mistakes += [*_without_schedule(config, enabled), *_same_exporter(config)]
    if mistakes:
        raise SpecError(mistakes)
    planned = tuple(_plan(config, journey) for journey in enabled)
    if mistakes := [mistake for each in planned for mistake in unsafe_writes(config, each)]:
        raise SpecError(mistakes)
    return Loaded(
        config=replace(config, agent=config.agent or socket.gethostname()),
        folder=path.parent,
        planned=planned,
        disabled=tuple(journey.name for journey in journeys if journey not in enabled),
        targets=targets,
    )


def read_config(source: Source) -> AgentConfig:
    """The configuration by itself, its journeys not looked at."""
    mistakes: list[Mistake] = []
    root = parse(source, mistakes)
    config: Any = BAD
    if isinstance(root, MappingNode):
        config = Decoder(CONFIG_READERS, mistakes).read_struct(AgentConfig, root, place=root.place)
    elif root is not None:
        Decoder(CONFIG_READERS, mistakes).expected("a configuration: a mapping", root, "start with: region: <name>")
    if mistakes:
        raise SpecError(sorted(mistakes, key=lambda mistake: (mistake.place.line, mistake.place.column)))
    assert isinstance(config, AgentConfig)
    return config


def unready(loaded: Loaded, environ: Mapping[str, str], secrets: Mapping[str, str]) -> list[Mistake]:
    """What is not there on this machine, now: secrets, certificates, a target that is not a journey's default."""
    missing = [
        mistake
        for planned in loaded.planned
        for mistake in (
            *_without_value(planned.journey, secrets),
            *_unready(planned.journey, loaded.config, environ),
        )
    ]
    return [*missing, *_without_way(loaded, environ)]


def _without_value(journey: Journey, secrets: Mapping[str, str]) -> Iterator[Mistake]:
    for name, secret in journey.secrets.items():
        try:
            if secrets.get(secret.env) is not None:
                continue
        except SecretError as error:
            yield Mistake(journey.place, str(error), "mend it, or disable the journey")
            continue
        refused = " (an agent takes no default)" if secret.default is not None else ""
        message = f"the secret {name} has no value: the environment variable {secret.env} is not set{refused}"
        yield Mistake(journey.place, message, f"export {secret.env}=… for the agent, or disable the journey")


def _unready(journey: Journey, config: AgentConfig, environ: Mapping[str, str]) -> Iterator[Mistake]:
    for name, value in journey.variables.items():
        for text, unset in _unset(value, environ):
            message = f"the variable {name} has no value: the environment variable {unset} is not set"
            yield Mistake(text.place, message, f"export {unset}=… for the agent, or give it a default")
    if TARGET in config.variables or TARGET in _override(config, journey).variables:
        return  # whoever runs the agent has said it, with a default perhaps
    target = journey.variables.get(TARGET)
    if isinstance(target, Text) and (asked := _environment(target)) and not any(name in environ for name in asked):
        message = f"the variable {TARGET} would be the journey's default: {' and '.join(asked)} is not set"
        yield Mistake(target.place, message, f"variables: {{{TARGET}: https://…}} in the agent's configuration")


def _without_way(loaded: Loaded, environ: Mapping[str, str]) -> Iterator[Mistake]:
    own = loaded.config.network or NOTHING_SAID
    yield from missing_files(own, [planned.journey for planned in loaded.planned])
    for text, unset in _unset(tuple(asdict(own).values()), environ):
        message = f"network: has no value: the environment variable {unset} is not set"
        yield Mistake(text.place, message, f"export {unset}=… for the agent, or give it a default")


def _unset(value: Value, environ: Mapping[str, str]) -> Iterator[tuple[Text, str]]:
    """The texts of a value that ask for an environment variable that is not there, without a default."""
    match value:
        case Text():
            for part in value.parts:
                if isinstance(part, str) or not isinstance(part.head, Call) or part.head.function != "env":
                    continue
                asked = str(part.head.arguments[0])
                if asked not in environ and all(each.name != "default" for each in part.filters):
                    yield value, asked
        case dict():
            yield from (found for item in value.values() for found in _unset(item, environ))
        case tuple():
            yield from (found for item in value for found in _unset(item, environ))


def _environment(text: Text) -> list[str]:
    """The environment variables a text asks for that has a default too."""
    return [
        str(part.head.arguments[0])
        for part in text.parts
        if not isinstance(part, str)
        and isinstance(part.head, Call)
        and part.head.function == "env"
        and any(each.name == "default" for each in part.filters)
    ]


def _load_journeys(config: AgentConfig, folder: Path, mistakes: list[Mistake]) -> list[Journey]:
    paths: dict[Path, None] = {}
    for pattern in config.journeys:
        found = _find(folder, pattern, mistakes)
        paths.update(dict.fromkeys(found))
    try:
        return load_journeys(paths)
    except SpecError as error:
        mistakes += error.mistakes
        return []


def _find(folder: Path, pattern: Written, mistakes: list[Mistake]) -> Iterable[Path]:
    """The journey files a pattern names: a file, a folder, or a glob with `**` for any folders."""
    path = folder / pattern.text
    found = [path] if path.exists() else sorted(_glob(folder, pattern.text))
    try:
        if found:
            return find_files(found)
    except UsageError as error:
        mistakes.append(Mistake(pattern.place, str(error), "name journey files, or a folder that has some"))
        return ()
    mistakes.append(Mistake(pattern.place, f"no journey is at {path}", "paths start at this file's folder"))
    return ()


def _glob(folder: Path, pattern: str) -> Iterable[Path]:
    start = Path(pattern).anchor
    try:
        return list(Path(start or folder).glob(pattern.removeprefix(start)))
    except (ValueError, NotImplementedError):
        return ()


def _wrong_names(config: AgentConfig, journeys: list[Journey]) -> Iterator[Mistake]:
    """Overrides of journeys, and values of variables, that are not there."""
    if not journeys:
        return  # why is told already
    known: dict[str, Journey] = {journey.name: journey for journey in journeys}
    yield from _wrong_values(config.variables, journeys, config)
    for name, override in config.overrides.items():
        if name in known:
            yield from _wrong_values(override.variables, [known[name]], config, override)
        else:
            yield Mistake(override.place, f"no journey is named {name}", did_you_mean(name, known))


def _wrong_values(
    values: Mapping[str, Value], journeys: list[Journey], config: AgentConfig, override: Override | None = None
) -> Iterator[Mistake]:
    known = {name for journey in journeys for name in journey.variables}
    secrets = {name: secret.env for journey in journeys for name, secret in journey.secrets.items()}
    place = override.place if override else config.place
    for name, value in values.items():
        if name in secrets:
            yield Mistake(place, f"{name} is a secret, not a variable", f"set {secrets[name]} in the environment")
        elif name not in known:
            which = f"the journey {journeys[0].name}" if override else "any journey"
            yield Mistake(place, f"there is no variable {name} in {which}", did_you_mean(name, known))
        yield from _not_here(value)


def _not_here(part: Any) -> Iterator[Mistake]:
    """Names that a part of the configuration uses: it is read before any journey."""
    for text, used in names_in(part):
        yield Mistake(text.place, f"{used} cannot stand here", 'only functions can, such as ${env("SHOP_URL")}')


def _wrong_regions(config: AgentConfig) -> Iterator[Mistake]:
    if config.regions and config.region not in config.regions:
        hint = f"add {config.region}, at the same place in every region's file"
        yield Mistake(config.place, f"regions: does not list this agent's own region {config.region}", hint)
    if len(set(config.regions)) < len(config.regions):
        yield Mistake(config.place, "regions: lists a region twice", "each region stands there once")
    placements = (config.placement, *(override.placement for override in config.overrides.values()))
    if Placement.ROTATE in placements and not config.regions:
        yield Mistake(config.place, "placement: rotate needs regions:", "list all regions that take turns")


def _read_targets(config: AgentConfig, mistakes: list[Mistake]) -> Iterator[Target]:
    for control in config.control:
        try:
            yield parse_target(control.text)
        except ValueError as error:
            mistakes.append(Mistake(control.place, f"expected {error}, got {control.text}", "for example 1.1.1.1:443"))


def _without_schedule(config: AgentConfig, journeys: list[Journey]) -> Iterator[Mistake]:
    for journey in journeys:
        if _schedule(config, journey) is None:
            hint = f"add schedule: {{every: 1m}}, there or under overrides: {{{journey.name}: …}}, or enabled: false"
            yield Mistake(journey.place, f"the journey {journey.name} has no schedule", hint)


def _same_exporter(config: AgentConfig) -> Iterator[Mistake]:
    names = [name_of(export) for export in config.export]
    for index, export in enumerate(config.export):
        if names[index] in names[:index]:
            yield Mistake(export.place, f"{names[index]} stands twice", "one of the two has to go")


def _override(config: AgentConfig, journey: Journey) -> Override:
    return config.overrides.get(journey.name) or Override(config.place)


def _schedule(config: AgentConfig, journey: Journey) -> Schedule | None:
    return _override(config, journey).schedule or journey.schedule


def _plan(config: AgentConfig, journey: Journey) -> Planned:
    override, schedule = _override(config, journey), _schedule(config, journey)
    assert schedule is not None
    placement = override.placement or config.placement
    turns = len(config.regions) or 1
    turn = config.regions.index(config.region) if config.regions else 0
    values = {**config.variables, **override.variables}
    own = {name: value for name, value in values.items() if name in journey.variables}
    return Planned(
        journey=replace(journey, variables={**journey.variables, **own}),
        grid=grid_of(journey.name, schedule.every, placement, turn, turns),
        timeout_ns=schedule.timeout or schedule.every,
        placement=placement,
        turn=turn,
        turns=turns,
        budget=override.budget or journey.budget,
        frequent_writes=schedule.frequent_writes,
    )
