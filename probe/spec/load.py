"""Journey files to journeys."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from probe.errors import SpecError, UsageError
from probe.model.definition import definition_of
from probe.model.duration import Duration
from probe.model.file import File
from probe.model.journey import Captures, Check, Cleanup, Count, Currency, Journey, Label, Percent, Secret, Step, Steps
from probe.model.network import Addresses, Endpoint, Endpoints, IpAddress, NameServer, Network, PemFile, ProxyUrl
from probe.model.place import Mistake
from probe.model.size import Size
from probe.model.template import Text, Texts, Value
from probe.spec.bodies import read_file, read_parts, read_size
from probe.spec.checks import NAME, read_captures, read_check
from probe.spec.decode import BAD, Decoder, Reader
from probe.spec.names import check_names
from probe.spec.network import (
    read_addresses,
    read_endpoint,
    read_endpoints,
    read_ip,
    read_nameserver,
    read_network,
    read_pem_file,
    read_proxy,
)
from probe.spec.nodes import Mapping as MappingNode
from probe.spec.nodes import Node
from probe.spec.nodes import Sequence as SequenceNode
from probe.spec.parse import parse
from probe.spec.scalars import (
    read_bool,
    read_count,
    read_credential,
    read_currency,
    read_decimal,
    read_duration,
    read_follow,
    read_label,
    read_percent,
    read_str,
    read_text,
    read_texts,
    read_value,
)
from probe.spec.source import Source, is_folder, is_special, read_source
from probe.spec.step import read_step
from probe.steps.auth import Credential
from probe.steps.http_action import Follow, Json
from probe.steps.http_multipart import Parts

SUFFIXES = (".yaml", ".yml")


def load_journey(path: Path) -> Journey:
    """The journey in a file; SpecError carries every mistake in it."""
    return read_journey(read_source(path))


def load_journeys(paths: Iterable[Path]) -> list[Journey]:
    """The journeys of all files and folders; SpecError carries the mistakes of all of them."""
    journeys: list[Journey] = []
    mistakes: list[Mistake] = []
    for path in find_files(paths):
        try:
            journeys.append(load_journey(path))
        except SpecError as error:
            mistakes += error.mistakes
    mistakes += _same_name(journeys)
    if mistakes:
        raise SpecError(mistakes)
    return journeys


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and the journey files in the folders named, in order; UsageError when a folder has none."""
    files: dict[Path, None] = {}
    for path in paths:
        if not is_folder(path):
            files[path] = None
            continue
        inside = sorted(file for file in path.rglob("*") if _is_journey(file))
        if not inside:
            raise UsageError(f"{path} has no journey files (*.yaml, *.yml) in it")
        files.update(dict.fromkeys(inside))
    return list(files)


def _is_journey(path: Path) -> bool:
    return path.suffix in SUFFIXES and not is_folder(path) and not is_special(path)


def read_journey(source: Source) -> Journey:
    mistakes: list[Mistake] = []
    root = parse(source, mistakes)
    journey = BAD if root is None else _decode(source, root, mistakes)
    if mistakes:
        once = dict.fromkeys(mistakes)  # what stands behind an anchor is read again at each alias
        raise SpecError(sorted(once, key=lambda mistake: (mistake.place.line, mistake.place.column)))
    assert isinstance(journey, Journey)
    return replace(journey, definition=definition_of(journey))


def _decode(source: Source, root: Node, mistakes: list[Mistake]) -> Any:
    decoder = Decoder(READERS, mistakes)
    if not isinstance(root, MappingNode):
        return decoder.expected("a journey: a mapping", root, "start with: journey: <name>")
    name = next((item.place for key, item in root.pairs if key.text == "journey"), root.place)
    journey = decoder.read_struct(Journey, root, file=source.file, place=name)
    mistakes += check_names(root, decoder.texts)
    return journey


def _read_steps(decoder: Decoder, node: Node) -> Any:
    steps = decoder.read_list(Step, node)
    return (
        decoder.mistake(node.place, "the list is empty", "add a step: - {name: …, http: {get: …}}")
        if steps == ()
        else steps
    )


def _read_cleanup(decoder: Decoder, node: Node) -> Any:
    for step in node.items if isinstance(node, SequenceNode) else ():
        for key, _ in step.pairs if isinstance(step, MappingNode) else ():
            if key.text == "undo":
                hint = "the write belongs into steps:, or its undo into a step after it"
                decoder.mistake(key.place, "an undo in always: is never performed", hint)
    return decoder.read_list(Step, node)


def _read_variables(decoder: Decoder, node: Node) -> Any:
    return _read_named(decoder, node, Value)


def _read_secrets(decoder: Decoder, node: Node) -> Any:
    return _read_named(decoder, node, Secret)


def _read_json(decoder: Decoder, node: Node) -> Any:
    value = read_value(decoder, node)
    return BAD if value is BAD else Json(value)


def _read_named(decoder: Decoder, node: Node, kind: Any) -> Any:
    if isinstance(node, MappingNode):
        bad = [key for key, _ in node.pairs if not NAME.fullmatch(key.text)]
        for key in bad:
            decoder.expected("a name of letters, digits and _", key, "it is used as ${name}")
        if bad:
            return BAD
    return decoder.read_mapping(kind, node)


def _same_name(journeys: list[Journey]) -> list[Mistake]:
    seen: dict[str, Journey] = {}
    mistakes = []
    for journey in journeys:
        if journey.name in seen:
            hint = f"{seen[journey.name].file} has it too; results are told apart by the journey's name"
            mistakes.append(Mistake(journey.place, f'two journeys are named "{journey.name}"', hint))
        seen[journey.name] = journey
    return mistakes


READERS: dict[Any, Reader] = {
    Any: read_value,
    Value: read_value,
    Mapping[str, Value]: _read_variables,
    Mapping[str, Secret]: _read_secrets,
    Text: read_text,
    Credential: read_credential,
    Texts: read_texts,
    str: read_str,
    Label: read_label,
    bool: read_bool,
    Decimal: read_decimal,
    Currency: read_currency,
    Count: read_count,
    Duration: read_duration,
    Percent: read_percent,
    Follow: read_follow,
    Json: _read_json,
    Network: read_network,
    PemFile: read_pem_file,
    ProxyUrl: read_proxy,
    IpAddress: read_ip,
    Endpoint: read_endpoint,
    Endpoints: read_endpoints,
    Addresses: read_addresses,
    NameServer: read_nameserver,
    File: read_file,
    Parts: read_parts,
    Size: read_size,
    Check: read_check,
    Captures: read_captures,
    Step: read_step,
    Steps: _read_steps,
    Cleanup: _read_cleanup,
}
