"""What a `${…}` in a journey file means, parsed but not yet rendered."""

from typing import Any

from msgspec import Struct

from probe.model.place import Place

Literal = str | int | float | bool | None


class Name(Struct, frozen=True):
    """A variable, a secret or a captured value."""

    name: str


class Call(Struct, frozen=True):
    function: str
    arguments: tuple[Literal, ...] = ()


class FilterCall(Struct, frozen=True):
    name: str
    arguments: tuple[Literal, ...] = ()


class Expression(Struct, frozen=True):
    head: Name | Call
    filters: tuple[FilterCall, ...] = ()


class Text(Struct, frozen=True):
    """A scalar of a journey file: literal pieces and expressions, in order."""

    parts: tuple[str | Expression, ...]
    place: Place

    @property
    def literal(self) -> str | None:
        """The text itself when nothing in it has to be rendered."""
        if not self.parts:
            return ""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None


Texts = tuple[Text, ...]
"""One text, or several under one name."""

Value = None | bool | int | float | Text | tuple[Any, ...] | dict[str, Any]
"""What JSON has, with `Text` for text; lists and objects hold values again."""
