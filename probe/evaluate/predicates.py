"""Predicates test a value. A new one is a function and a line in `PREDICATES`."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from msgspec import Struct

from probe.evaluate.pattern import compile_pattern
from probe.evaluate.value import MISSING, ValueKind, same, type_name

TYPES = ("text", "number", "integer", "boolean", "list", "object", "null")


class Operand(StrEnum):
    """How the value beside a predicate is read: like the actual value, or always as one thing."""

    LIKE_ACTUAL = "like actual"
    ORDERED = "ordered"
    TEXT = "text"
    PATTERN = "pattern"
    LIST = "list"
    BOOLEAN = "boolean"
    TYPE = "type"


def contains(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, str):
        return isinstance(wanted, str) and wanted in actual
    if isinstance(actual, dict):
        return isinstance(wanted, str) and wanted in actual
    return isinstance(actual, list) and any(same(item, wanted) for item in actual)


def starts_with(actual: Any, wanted: str) -> bool:
    return isinstance(actual, str) and actual.startswith(wanted)


def ends_with(actual: Any, wanted: str) -> bool:
    return isinstance(actual, str) and actual.endswith(wanted)


def matches(actual: Any, pattern: str) -> bool:
    return isinstance(actual, str) and compile_pattern(pattern).search(actual) is not None


def exists(actual: Any, wanted: bool) -> bool:
    return (actual is not MISSING) is wanted


def above(actual: Any, bound: Any) -> bool:
    return _comparable(actual, bound) and bool(actual > bound)


def below(actual: Any, bound: Any) -> bool:
    return _comparable(actual, bound) and bool(actual < bound)


def at_least(actual: Any, bound: Any) -> bool:
    return _comparable(actual, bound) and bool(actual >= bound)


def at_most(actual: Any, bound: Any) -> bool:
    return _comparable(actual, bound) and bool(actual <= bound)


def is_in(actual: Any, choices: Any) -> bool:
    return any(same(actual, choice) for choice in choices)


def is_type(actual: Any, name: str) -> bool:
    return type_name(actual) == name or (name == "number" and type_name(actual) == "integer")


def _comparable(actual: Any, bound: Any) -> bool:
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in (actual, bound))


class PredicateKind(Struct, frozen=True):
    holds: Callable[[Any, Any], bool]
    operand: Operand
    description: str
    on: frozenset[ValueKind] = frozenset(ValueKind)
    """The kinds of value it can hold for at all."""


_TEXT = frozenset({ValueKind.TEXT, ValueKind.ANY})
_ORDERED = frozenset({ValueKind.NUMBER, ValueKind.DURATION, ValueKind.ANY})
_BAGS = frozenset({ValueKind.TEXT, ValueKind.LIST, ValueKind.ANY})

PREDICATES: dict[str, PredicateKind] = {
    "equals": PredicateKind(same, Operand.LIKE_ACTUAL, "Is exactly this, of the same type."),
    "not_equals": PredicateKind(lambda a, b: not same(a, b), Operand.LIKE_ACTUAL, "Is there, and is not this."),
    "contains": PredicateKind(contains, Operand.LIKE_ACTUAL, "The text, list or object has this in it.", _BAGS),
    "starts_with": PredicateKind(starts_with, Operand.TEXT, "The text begins with this.", _TEXT),
    "ends_with": PredicateKind(ends_with, Operand.TEXT, "The text ends with this.", _TEXT),
    "matches": PredicateKind(matches, Operand.PATTERN, "The regular expression (RE2) is found in the text.", _TEXT),
    "exists": PredicateKind(exists, Operand.BOOLEAN, "Whether the query found anything."),
    "above": PredicateKind(above, Operand.ORDERED, "Is greater than this.", _ORDERED),
    "below": PredicateKind(below, Operand.ORDERED, "Is less than this.", _ORDERED),
    "at_least": PredicateKind(at_least, Operand.ORDERED, "Is this or greater.", _ORDERED),
    "at_most": PredicateKind(at_most, Operand.ORDERED, "Is this or less.", _ORDERED),
    "in": PredicateKind(is_in, Operand.LIST, "Is one of these."),
    "is_type": PredicateKind(is_type, Operand.TYPE, f"Is of this type: {', '.join(TYPES)}."),
}
