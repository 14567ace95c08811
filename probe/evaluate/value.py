"""Values as queries find them and people read them."""

import json
from enum import Enum, StrEnum
from typing import Any, Final

from probe.model.duration import Duration, format_duration

SHOWN = 120


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
    """The value as a message shows it: JSON, cut to a line."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, Duration):
        return format_duration(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}… ({len(text)} characters)"
