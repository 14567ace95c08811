"""The JSON Schema of journey files, made from the same types and tables that read them."""

import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import EnumMeta
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from msgspec import Struct

from probe.evaluate.filters import FILTERS
from probe.evaluate.predicates import PREDICATES, TYPES, Operand, PredicateKind
from probe.evaluate.queries import CERTIFICATE_FACTS, QUERIES, Argument, QueryKind
from probe.evaluate.value import ValueKind
from probe.model.duration import Duration
from probe.model.file import File
from probe.model.journey import Captures, Check, Cleanup, Count, Currency, Find, Journey, Label, Percent, Step, Undo
from probe.model.network import Endpoint, IpAddress, NameServer, PemFile, ProxyUrl
from probe.model.size import Size
from probe.model.template import Text, Texts, Value
from probe.model.timing import Phase
from probe.spec.keys import keys_of
from probe.spec.parts import CAPTURE_MODIFIERS, CHECK_MODIFIERS, MODIFIERS
from probe.spec.scalars import LARGEST_COUNT, LONGEST_NAME, MOST_REDIRECTS
from probe.spec.step import NOT_IN_FIND, NOT_IN_UNDO
from probe.steps import KINDS
from probe.steps.auth import Credential
from probe.steps.http_action import Follow, Json
from probe.steps.http_multipart import Part, Parts

Schema = dict[str, Any]

_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_TEMPLATE: Schema = {"type": "string", "pattern": r"^\$\{"}
_DURATION: Schema = {
    "type": "string",
    "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$",
    "examples": ["500ms", "2s", "1m30s"],
}


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """A draft-07 schema: the draft that editors' YAML support knows best."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "probe journey",
        **_struct(Journey),
        "definitions": {"step": _step(), "check": _check(), "captures": _captures(), "undo": _undo(), "find": _find()},
    }


def _of(kind: Any) -> Schema:
    """The schema of a field's type."""
    if kind in _SCHEMAS:
        return dict(_SCHEMAS[kind])
    if kind == Parts:
        one = [_SCALAR, _struct(Part)]
        return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}}]}
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _of(next(each for each in get_args(kind) if each is not NoneType))
    if origin is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(get_args(kind)[1])}
    if isinstance(kind, EnumMeta):
        return {"enum": [str(each.value) for each in kind]}  # type: ignore[var-annotated]
    return _struct(kind)


def _struct(struct: type[Struct]) -> Schema:
    keys = keys_of(struct)
    schema: Schema = {
        "type": "object",
        "properties": {
            key.name: {"description": key.description, **_described(_of(key.type))} for key in keys.values()
        },
        "additionalProperties": False,
    }
    required = [key.name for key in keys.values() if key.required]
    return {**schema, "required": required} if required else schema


def _described(schema: Schema) -> Schema:
    """draft-07 ignores what stands beside a $ref, descriptions too."""
    return {"allOf": [schema]} if "$ref" in schema else schema


def _step(struct: type[Step] = Step) -> Schema:
    schema = _struct(struct)
    for name, kind in KINDS.items():
        schema["properties"][name] = {"description": kind.DESCRIPTION, **_of(kind.Action)}
    return {**schema, "oneOf": [{"required": [name]} for name in KINDS]}


def _undo() -> Schema:
    return _without(_step(Undo), NOT_IN_UNDO)


def _find() -> Schema:
    return _without(_step(Find), NOT_IN_FIND)


def _without(step: Schema, refused: Collection[str]) -> Schema:
    properties = {name: each for name, each in step["properties"].items() if name not in refused}
    return {**step, "properties": properties, "required": []}


def _check() -> Schema:
    predicates = {name: _predicate(kind) for name, kind in PREDICATES.items()}
    filters = {"type": "string", "description": f"{MODIFIERS['filter']} Known: {', '.join(FILTERS)}."}
    flags = {name: {"type": "boolean", "description": text} for name, text in CHECK_MODIFIERS.items()}
    nested = {"type": "object", "properties": {**predicates, **flags, "filter": filters}, "additionalProperties": False}
    queries = {name: _query(kind, nested) for name, kind in QUERIES.items()}
    attribute = {"type": "string", "description": MODIFIERS["attribute"]}
    return {
        "type": "object",
        "properties": {**queries, **predicates, **flags, "filter": filters, "attribute": attribute},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in QUERIES],
    }


def _captures() -> Schema:
    filters = {"type": "string", "description": f"{MODIFIERS['filter']} Known: {', '.join(FILTERS)}."}
    capture: Schema = {
        "type": "object",
        "properties": {
            **{name: _query(kind, None) for name, kind in QUERIES.items()},
            "filter": filters,
            "attribute": {"type": "string", "description": MODIFIERS["attribute"]},
            **{name: {"type": "boolean", "description": text} for name, text in CAPTURE_MODIFIERS.items()},
        },
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in QUERIES],
    }
    return {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": capture}


def _query(kind: QueryKind, nested: Schema | None) -> Schema:
    if kind.argument is Argument.PHASE:
        return {"description": kind.description, "enum": [phase.value for phase in Phase]}
    if kind.argument is Argument.CERTIFICATE:
        return {"description": kind.description, "enum": list(CERTIFICATE_FACTS)}
    if kind.argument is not Argument.NONE:
        return {"description": kind.description, "type": "string"}
    if nested is None:
        return {"description": kind.description, "type": "null"}
    equal = _DURATION if kind.value is ValueKind.DURATION else _SCALAR
    return {"description": kind.description, "anyOf": [equal, nested]}


def _predicate(kind: PredicateKind) -> Schema:
    operands: dict[Operand, Schema] = {
        Operand.LIKE_ACTUAL: {},
        Operand.ORDERED: {"anyOf": [{"type": "number"}, _DURATION, _TEMPLATE]},
        Operand.TEXT: _SCALAR,
        Operand.PATTERN: {"type": "string"},
        Operand.LIST: {"type": "array"},
        Operand.BOOLEAN: {"type": "boolean"},
        Operand.TYPE: {"enum": list(TYPES)},
    }
    return {"description": kind.description, **operands[kind.operand]}


_SCHEMAS: dict[Any, Schema] = {
    Any: {},
    Value: {},
    Json: {},
    Text: _SCALAR,
    Texts: {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]},
    str: _SCALAR,
    **{kind: {"type": "string"} for kind in (Credential, PemFile, ProxyUrl, IpAddress, Endpoint, NameServer)},
    Label: {**_SCALAR, "maxLength": LONGEST_NAME},
    bool: {"type": "boolean"},
    Decimal: {"type": "number", "minimum": 0},
    Currency: {"type": "string", "pattern": "^[A-Z]{3}$"},
    Duration: _DURATION,
    Count: {"type": "integer", "minimum": 1, "maximum": LARGEST_COUNT},
    Percent: {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$", "examples": ["99.9%"]},
    Follow: {"anyOf": [{"const": False}, {"type": "integer", "minimum": 1, "maximum": MOST_REDIRECTS}]},
    Size: {"type": "string", "pattern": "^[1-9][0-9]*(KiB|MiB|GiB)$", "examples": ["10MiB"]},
    File: _SCALAR,
    Check: {"$ref": "#/definitions/check"},
    Captures: {"$ref": "#/definitions/captures"},
    Step: {"$ref": "#/definitions/step"},
    Undo: {"$ref": "#/definitions/undo"},
    Find: {"$ref": "#/definitions/find"},
    Cleanup: {"type": "array", "items": {"$ref": "#/definitions/step"}},
}
