"""Filters transform a value. A new one is a function and a line in `FILTERS`."""

import base64 as _base64
import re
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from probe.evaluate.value import MISSING, Matches, ValueKind, collapse, read_json, show, type_name
from probe.model.template import FilterCall

_WHOLE = re.compile(r"[-+]?[0-9]{1,400}")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_GREATEST = sys.float_info.max


class FilterError(Exception):
    """The value is not of the kind the filter works on; the text says which filter, expected and got."""


def nth(value: Any, index: int) -> Any:
    return _item(_list("nth", value), index)


def first(value: Any) -> Any:
    return _item(_list("first", value), 0)


def last(value: Any) -> Any:
    return _item(_list("last", value), -1)


def count(value: Any) -> int:
    return len(_list("count", value))


def split(value: Any, separator: str) -> list[str]:
    text = _text("split", value)
    return text.split(separator) if separator else list(text)


def replace(value: Any, old: str, new: str) -> str:
    return _text("replace", value).replace(old, new)


def lower(value: Any) -> str:
    return _text("lower", value).lower()


def upper(value: Any) -> str:
    return _text("upper", value).upper()


def trim(value: Any) -> str:
    return _text("trim", value).strip()


def to_int(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    raise FilterError(f"to_int: expected a whole number, got {show(value)}")


def to_float(value: Any) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _GREATEST:
        return float(value)
    raise FilterError(f"to_float: expected a number, got {show(value)}")


def default(value: Any, other: Any) -> Any:
    return other if value is MISSING or value is None else value


def url_encode(value: Any) -> str:
    return quote(_text("url_encode", value), safe="")


def base64(value: Any) -> str:
    return _base64.b64encode(_text("base64", value).encode()).decode()


def json(value: Any) -> Any:
    try:
        return read_json(_text("json", value))
    except ValueError:
        raise FilterError(f"json: expected JSON text, got {show(value)}") from None


class Filter(Struct, frozen=True):
    """`arguments` are the types of what stands in the brackets."""

    apply: Callable[..., Any]
    description: str
    arguments: tuple[type, ...] = ()
    result: ValueKind | None = ValueKind.ANY
    """What is known of the result before the filter runs; None: it is of the kind of what came in, or of its items."""
    takes_nothing: bool = False
    """Works on a query that found nothing, instead of passing the nothing on."""
    takes_matches: bool = False
    """Works on all matches of a query, instead of what they stand for together."""


FILTERS: dict[str, Filter] = {
    "nth": Filter(
        nth, "The item at a position, counted from 0; from the end when negative.", (int,), None, takes_matches=True
    ),
    "first": Filter(first, "The first item.", (), None, takes_matches=True),
    "last": Filter(last, "The last item.", (), None, takes_matches=True),
    "count": Filter(count, "How many items there are.", (), ValueKind.NUMBER, takes_matches=True),
    "split": Filter(split, 'The pieces of a text between separators; its characters for "".', (str,), ValueKind.LIST),
    "replace": Filter(
        replace, "The text with every occurrence of one text replaced by another.", (str, str), ValueKind.TEXT
    ),
    "lower": Filter(lower, "The text in lower case.", (), ValueKind.TEXT),
    "upper": Filter(upper, "The text in upper case.", (), ValueKind.TEXT),
    "trim": Filter(trim, "The text without white space around it.", (), ValueKind.TEXT),
    "to_int": Filter(to_int, "The whole number a text spells.", (), ValueKind.NUMBER),
    "to_float": Filter(to_float, "The number a text spells.", (), ValueKind.NUMBER),
    "default": Filter(default, "Another value when there is none, or null.", (object,), None, takes_nothing=True),
    "url_encode": Filter(url_encode, "The text percent-encoded for a URL.", (), ValueKind.TEXT),
    "base64": Filter(base64, "The text's UTF-8 bytes in Base64.", (), ValueKind.TEXT),
    "json": Filter(json, "The value of a JSON text."),
}


def kind_after(kind: ValueKind, calls: tuple[FilterCall, ...]) -> ValueKind:
    """What is known of a value once it is filtered."""
    for call in calls:
        each = FILTERS[call.name]
        item = ValueKind.TEXT if each.takes_matches and kind is ValueKind.LIST else kind  # lists come from split
        kind = each.result or item
    return kind


def apply_filters(value: Any, calls: tuple[FilterCall, ...]) -> Any:
    """The value after all filters, one value or MISSING; FilterError when one does not fit."""
    for call in calls:
        each = FILTERS[call.name]
        if not each.takes_matches:
            value = collapse(value)
        if value is not MISSING or each.takes_nothing:
            value = each.apply(value, *call.arguments)
    return collapse(value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise FilterError(f"{name}: expected text, got {_described(value)}")


def _list(name: str, value: Any) -> list[Any]:
    if isinstance(value, Matches):
        return value.value if isinstance(value.value, list) else value.values
    if isinstance(value, list):
        return value
    raise FilterError(f"{name}: expected a list, got {_described(value)}")


def _item(items: list[Any], index: int) -> Any:
    return items[index] if -len(items) <= index < len(items) else MISSING


def _described(value: Any) -> str:
    return "null" if value is None else f"{type_name(value)} {show(value)}"
