"""Values as queries find them and people read them."""

import json
from enum import Enum, StrEnum
from typing import Any, Final

from probe.model.duration import Duration, format_duration

SHOWN = 64 * 1024
"""Far more than a reader sees: secrets are looked for before a text is cut to what a record keeps."""
MAX_DEPTH = 100
"""How deep the JSON of a target may be nested: what walks it afterwards is recursive."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class Missing(Enum):
    """The query found nothing, which is not the same as finding null."""

    MISSING = "nothing"


MISSING: Final = Missing.MISSING


class Matches:
    """Everything a query matched. List filters see `values`, anything else sees what they stand for together."""

    def __init__(self, values: list[Any], value: Any) -> None:
        self.values = values
        self.value = value if values else MISSING


class ValueKind(StrEnum):
    """What is known of a value before it is there: decides how the values it is compared with are read."""

    ANY = "any"
    TEXT = "text"
    NUMBER = "number"
    DURATION = "duration"
    LIST = "list"


def read_json(text: str) -> Any:
    """The value of a JSON text; ValueError when it is none, or nested deeper than `MAX_DEPTH`."""
    try:
        value = _DECODER.decode(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if "\\ud" in text or "\\uD" in text:
        value = _whole_characters(value)
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError("nested too deep")
    return value


def collapse(value: Any) -> Any:
    return value.value if isinstance(value, Matches) else value


def type_name(value: Any) -> str:
    """`text number integer boolean list object null`, or `nothing`; an integer is a number too."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "text"
        case list() | tuple():
            return "list"
        case dict():
            return "object"
        case None:
            return "null"
    return "nothing"


def same(left: Any, right: Any) -> bool:
    """Equality as JSON has it: 1 equals 1.0, but true is not 1 and "1" is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    return bool(left == right)


def show(value: Any) -> str:
    """The value as a message shows it: JSON in one line."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, Duration):
        return format_duration(value)
    text = _ENCODER.encode(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _whole_characters(value: Any) -> Any:
    """The value without halves of surrogate pairs: JSON can escape them, but nothing can encode them again."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
    return depth
