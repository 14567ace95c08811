"""Whether every name a journey uses stands for something when it is used."""

from collections.abc import Iterable, Iterator
from typing import Any

from probe.evaluate.suggest import did_you_mean
from probe.evaluate.template import names_in
from probe.model.journey import Journey, Step
from probe.model.place import Mistake
from probe.spec import nodes
from probe.spec.nodes import Node


def check_names(journey: Journey, root: Node) -> list[Mistake]:
    return [*_twice(journey), *_unknown(journey), *_colliding(journey, root)]


def _twice(journey: Journey) -> Iterator[Mistake]:
    seen: dict[str, Step] = {}
    for step in (*journey.steps, *journey.always):
        if step.name in seen:
            hint = f"the other is at line {seen[step.name].place.line}; results are told apart by the step's name"
            yield Mistake(step.place, f'two steps are named "{step.name}"', hint)
        seen[step.name] = step


def _unknown(journey: Journey) -> Iterator[Mistake]:
    known = set(journey.secrets)
    for name, value in journey.variables.items():
        yield from _unknown_in(value, known, "variables see the ones above them")
        known.add(name)
    for step in journey.steps:
        yield from _unknown_in((step.action, step.checks, step.captures, step.poll), known)
        known |= {capture.name for capture in step.captures}
    for step in journey.steps:
        if step.undo is not None:
            yield from _unknown_in((step.undo.action, step.undo.checks, step.undo.captures), known)
    for step in journey.always:
        yield from _unknown_in((step.action, step.checks, step.captures, step.poll), known)
        known |= {capture.name for capture in step.captures}


def _unknown_in(part: Any, known: Iterable[str], why: str = "") -> Iterator[Mistake]:
    for text, name in names_in(part):
        if name not in known:
            hint = did_you_mean(name, known) or "define it under variables: or secrets:, or capture it in a step before"
            yield Mistake(text.place, f"{name} is not defined here", f"{hint}; {why}" if why else hint)


def _colliding(journey: Journey, root: Node) -> Iterator[Mistake]:
    """A name has one meaning: a variable, a secret, or something captured."""
    fixed = {**dict.fromkeys(journey.variables, "a variable"), **dict.fromkeys(journey.secrets, "a secret")}
    secrets = root.get("secrets") if isinstance(root, nodes.Mapping) else None
    if isinstance(secrets, nodes.Mapping):
        for key, _ in secrets.pairs:
            if key.text in journey.variables:
                yield Mistake(key.place, f"{key.text} is a variable and a secret", "rename one of them")
    for step in (*journey.steps, *journey.always):
        for capture in step.captures:
            if capture.name in fixed:
                yield Mistake(
                    capture.place, f"{capture.name} is {fixed[capture.name]} already", "capture under another name"
                )
