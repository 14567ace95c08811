from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting has to be, in words and as a test."""

    expected: str
    holds: Callable[[Any], bool]

    def check(self, name: str, value: object) -> None:
        if not self.holds(value):
            raise ValueError(f"{name}: expected {self.expected}, got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


OBJECT = Rule('an object such as {"header_delay": 0.2}', lambda value: isinstance(value, dict))
SECONDS = Rule("a number of seconds, 0 or more", lambda value: _is_number(value) and 0 <= value < inf)
SHARE = Rule("a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1)
INTEGER = Rule("a whole number", _is_integer)
COUNT = Rule("a whole number, 1 or more", lambda value: _is_integer(value) and value >= 1)
STATUS = Rule("an HTTP status from 200 to 599", lambda value: _is_integer(value) and 200 <= value <= 599)
STATUS_OR_NULL = Rule(f"{STATUS.expected}, or null", lambda value: value is None or STATUS.holds(value))
RESET = Rule('"before", "after" or null', lambda value: value in ("before", "after", None))
SWITCH = Rule("true or false", lambda value: isinstance(value, bool))
PREFIX = Rule('"" or a path that starts with /', lambda value: isinstance(value, str) and value[:1] in ("", "/"))
