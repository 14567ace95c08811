from pathlib import Path
from typing import Any

import pytest

from probe.spec.nodes import Mapping, Node, Sequence
from probe.spec.parse import parse
from probe.spec.schema import schema, schema_text
from probe.spec.source import read_source

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(ROOT.glob("journeys/*.yaml"))
SCHEMA = schema()


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    assert (ROOT / "docs" / "journey.schema.json").read_text() == schema_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_schema_accepts_the_example_journeys(path: Path) -> None:
    root = parse(read_source(path), [])
    assert root is not None
    assert list(_refused(root, SCHEMA)) == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("journey: a\nsteps: [{name: s, http: {get: u}, chek: []}]", ["2:35 chek"]),
        ("journey: a\nsteps: [{name: s}]", ["2:9 oneOf"]),
        ("journey: a\nsteps: [{name: s, wait: 1s, http: {get: u}}]", ["2:9 oneOf"]),
        ("steps: [{wait: 1s}]", ["1:1 journey", "1:9 name"]),
        ("journey: a\nsteps: [{name: s, wait: 1}]", ["2:25 1"]),
        ("journey: a\nsteps: [{name: s, http: {get: u}, check: {status: 200}}]", ["2:42 {"]),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str, refused: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    root = parse(read_source(path), [])
    assert root is not None
    assert list(_refused(root, SCHEMA)) == refused


def test_every_key_an_editor_offers_is_explained() -> None:
    assert [where for where, each in _properties(SCHEMA, "") if not each.get("description")] == []


def _refused(node: Node, rules: dict[str, Any]) -> list[str]:
    """Where a node breaks the rules: as much of JSON Schema as ours uses, by the shape of values and their keys."""
    rules = _resolved(rules)
    choices = rules.get("anyOf", [])
    if choices:
        return min((_refused(node, each) for each in choices), key=len)
    if isinstance(node, Mapping):
        return _refused_in_mapping(node, rules)
    if isinstance(node, Sequence):
        return (
            [each for item in node.items for each in _refused(item, rules.get("items", {}))]
            if _is("array", rules)
            else [_at(node)]
        )
    wanted = rules.get("enum", [node.text])
    return [] if _fits(node.value, rules) and node.text in wanted else [_at(node)]


def _refused_in_mapping(node: Mapping, rules: dict[str, Any]) -> list[str]:
    if not _is("object", rules):
        return [_at(node)]
    properties, others = rules.get("properties", {}), rules.get("additionalProperties", {})
    given = {key.text for key, _ in node.pairs}
    missing = [f"{_place(node)} {name}" for name in rules.get("required", []) if name not in given]
    chosen = [each for each in rules.get("oneOf", []) if set(each["required"]) <= given]
    refused = missing + ([f"{_place(node)} oneOf"] if "oneOf" in rules and len(chosen) != 1 else [])
    for key, item in node.pairs:
        rule = properties.get(key.text, others)
        refused += [_at(key)] if rule is False else _refused(item, rule)
    return refused


def _resolved(rules: dict[str, Any]) -> dict[str, Any]:
    for each in (rules, *rules.get("allOf", [])):
        if "$ref" in each:
            resolved: dict[str, Any] = SCHEMA["definitions"][each["$ref"].rpartition("/")[2]]
            return resolved
    return rules


def _is(kind: str, rules: dict[str, Any]) -> bool:
    return bool(rules.get("type", kind) == kind)


def _fits(value: object, rules: dict[str, Any]) -> bool:
    kinds = rules.get("type", [])
    names = {str: "string", bool: "boolean", int: "number", float: "number", type(None): "null"}
    name = names[type(value)]
    return not kinds or name in kinds or (name == "number" and "integer" in kinds)


def _at(node: Node) -> str:
    return f"{_place(node)} {node.place.text[node.place.column - 1 : node.place.end_column - 1]}"


def _place(node: Node) -> str:
    return f"{node.place.line}:{node.place.column}"


def _properties(rules: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(rules, list):
        return [found for item in rules for found in _properties(item, where)]
    if not isinstance(rules, dict):
        return []
    own = [(f"{where}/{name}", each) for name, each in rules.get("properties", {}).items()]
    return own + [found for name, each in rules.items() for found in _properties(each, f"{where}/{name}")]
