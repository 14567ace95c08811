"""Every text in a record, wherever it stands."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from itertools import chain
from operator import is_
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

_CLOSED = (bool, int, float, Enum, datetime, NoneType)
"""Types of which no value is a text."""

T = TypeVar("T")


def map_texts(record: T, text: Callable[[str], str], number: Callable[[int], int | str]) -> T:
    """A struct, list, mapping or text with what `text` makes of its texts; the same object when nothing changes.

    `number` is asked about whole numbers where a text may stand in place of one. Enumerations stay.
    """
    return _Mapping(text, number).of(record, anything=True)  # type: ignore[no-any-return]


class _Mapping:
    def __init__(self, text: Callable[[str], str], number: Callable[[int], int | str]) -> None:
        self._text = text
        self._number = number

    def of(self, part: Any, *, anything: bool) -> Any:
        """`anything`: whether a text may stand in place of a number."""
        if type(part) is str:
            return self._text(part)
        if isinstance(part, Struct):
            return self._struct(part)
        if isinstance(part, dict):
            return self._dict(part, anything=anything)
        if isinstance(part, list | tuple):
            new = [self.of(item, anything=anything) for item in part]
            return part if all(map(is_, new, part)) else type(part)(new)
        if anything and isinstance(part, int) and not isinstance(part, bool):
            return self._number(part)
        return part

    def _struct(self, struct: Struct) -> Struct:
        changed = {}
        for name, anything in _open_fields(type(struct)):
            old = getattr(struct, name)
            if old and (new := self.of(old, anything=anything)) is not old:
                changed[name] = new
        return replace(struct, **changed) if changed else struct

    def _dict(self, mapping: dict[Any, Any], *, anything: bool) -> dict[Any, Any]:
        pairs = [(self.of(key, anything=True), self.of(value, anything=anything)) for key, value in mapping.items()]
        return mapping if all(map(is_, chain(*pairs), chain(*mapping.items()))) else dict(pairs)


@cache
def _open_fields(struct: type[Struct]) -> tuple[tuple[str, bool], ...]:
    """The fields that can hold a text, and whether any value may be in them."""
    hints = get_type_hints(struct)
    fields = {name: hints[name] for name in struct.__struct_fields__}
    return tuple((name, Any in (hint, *get_args(hint))) for name, hint in fields.items() if _holds_text(hint))


def _holds_text(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, _CLOSED):
        return False
    return any(map(_holds_text, get_args(hint))) if get_args(hint) else hint is not Ellipsis
