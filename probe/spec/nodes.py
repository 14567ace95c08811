"""The tree of a YAML file, every node with its place. Scalars follow the YAML 1.2 core schema."""

import re

from msgspec import Struct

from probe.model.place import Place

LONGEST_NUMBER = 400
"""Digits beyond which a number is no number: Python refuses, or is slow, far above."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Scalar(Struct, frozen=True):
    """`text` is what stands in the file, `plain` whether it stands there unquoted."""

    text: str
    plain: bool
    place: Place

    @property
    def value(self) -> str | int | float | bool | None:
        """The value by the core schema: `yes`, `12:30` and `2026-01-01` are text."""
        if not self.plain or len(self.text) > LONGEST_NUMBER:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _INT.fullmatch(self.text):
            return int(self.text, 0 if self.text[:2] in ("0o", "0x") else 10)
        return float(self.text) if _FLOAT.fullmatch(self.text) else self.text

    @property
    def loses_zeros(self) -> bool:
        """`0123` is the number 123 to YAML: a postcode or an article number would silently change."""
        return self.plain and _LEADING_ZERO.fullmatch(self.text) is not None

    @property
    def is_not_finite(self) -> bool:
        return self.plain and (
            _NOT_FINITE.fullmatch(self.text) is not None or self.value in (float("inf"), -float("inf"))
        )


class Sequence(Struct, frozen=True):
    items: "list[Node]"
    place: Place


class Mapping(Struct, frozen=True):
    """Pairs in the order of the file; each key stands once."""

    pairs: "list[tuple[Scalar, Node]]"
    place: Place

    def get(self, key: str) -> "Node | None":
        return next((node for scalar, node in self.pairs if scalar.text == key), None)


Node = Scalar | Sequence | Mapping


def describe(node: Node) -> str:
    """What a message says that came instead of what was expected."""
    match node:
        case Sequence():
            return "a list"
        case Mapping():
            return "a mapping"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return node.text
        case Scalar(value=int() | float()):
            return f"the number {shorten(node.text)}"
    return f'"{shorten(node.text)}"'


def shorten(text: str, length: int = 60) -> str:
    one_line = text.replace("\n", "\\n")
    return one_line if len(one_line) <= length else f"{one_line[: length - 1]}…"
