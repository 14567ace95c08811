"""Nodes to the model, type by type, collecting every mistake on the way.

A struct is read by its fields' types, so a new field needs no code here. Types with a shape of their own in the file
(durations, templates, checks, steps) have a reader in the table the decoder is made with.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import EnumMeta
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

from msgspec import Struct

from probe.evaluate.suggest import closest, did_you_mean
from probe.model.observation import Seen
from probe.model.place import Mistake, Place
from probe.model.template import Text
from probe.spec import nodes
from probe.spec.keys import Key, keys_of
from probe.spec.nodes import Node, Scalar, describe, shorten
from probe.steps.base import ActionError

_BARE = re.compile(r"[\w.%-]+")


class Bad:
    """Stands for a value that could not be read; its mistake is noted already."""


BAD: Final = Bad()

Reader = Callable[["Decoder", Node], Any]


class Decoder:
    def __init__(self, readers: Mapping[Any, Reader], mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        self.shown = frozenset(Seen)
        """What the step being read shows to queries."""
        self.texts: dict[Place, Text] = {}
        """The templates that could be read, by where they stand."""
        self._readers = readers

    def read(self, kind: Any, node: Node) -> Any:
        """The node as a value of that type, or BAD."""
        if kind in self._readers:
            return self._readers[kind](self, node)
        origin = get_origin(kind)
        if origin in (Union, UnionType):
            return self.read(next(each for each in get_args(kind) if each is not NoneType), node)
        if origin is tuple:
            return self.read_list(get_args(kind)[0], node)
        if origin is not None and issubclass(origin, Mapping):
            return self.read_mapping(get_args(kind)[1], node)
        if isinstance(kind, EnumMeta):
            return self.read_choice(kind, [str(each.value) for each in kind], node)  # type: ignore[var-annotated]
        return self.read_struct(kind, node)

    def read_list(self, kind: Any, node: Node) -> Any:
        if not isinstance(node, nodes.Sequence):
            return self.expected("a list", node, "each item starts with a dash: - …")
        return _whole(tuple([self.read(kind, item) for item in node.items]))

    def read_mapping(self, kind: Any, node: Node) -> Any:
        if not isinstance(node, nodes.Mapping):
            return self.expected("a mapping", node, _colon_hint(node) or "{name: value}")
        values = {key.text: self.read(kind, item) for key, item in node.pairs}
        return BAD if BAD in values.values() else values

    def read_choice(self, make: Callable[[str], Any], choices: Iterable[str], node: Node) -> Any:
        if isinstance(node, Scalar) and node.text in choices:
            return make(node.text)
        close = closest(node.text, choices) if isinstance(node, Scalar) else None
        return self.expected(f"one of {', '.join(choices)}", node, f"did you mean {close}?" if close else "")

    def read_struct(self, struct: type[Struct], node: Node, **filled: Any) -> Any:
        """The struct of a mapping's keys and what the caller fills in; unknown and missing keys are mistakes."""
        if not isinstance(node, nodes.Mapping):
            hint = _colon_hint(node) or _example(keys_of(struct), node)
            return self.expected(f"a mapping with {_some(keys_of(struct))}", node, hint)
        keys = keys_of(struct)
        values = dict(filled)
        for key, item in node.pairs:
            if key.text in keys:
                values[keys[key.text].field] = self._read_key(keys[key.text], item)
            else:
                values[""] = self.mistake(key.place, f"unknown key {shorten(key.text)}", did_you_mean(key.text, keys))
        missing = [key for key in keys.values() if key.required and key.field not in values]
        for absent in missing:
            self.mistake(node.place, f"the key {absent.name} is missing", f"{absent.name}: {absent.description}")
        if missing or BAD in values.values():
            return BAD
        try:
            return struct(**values)
        except ActionError as error:
            at = next((key.place for key, _ in node.pairs if key.text == error.key), node.place)
            return self.mistake(at, str(error), error.hint)

    def _read_key(self, key: Key, node: Node) -> Any:
        value = self.read(key.type, node)
        if value is not BAD and key.least is not None and value < key.least:
            return self.expected(f"at least {type(value)(key.least)}", node)
        return value

    def expected(self, what: str, node: Node, hint: str = "") -> Any:
        return self.mistake(node.place, f"expected {what}, got {describe(node)}", hint)

    def mistake(self, place: Place, message: str, hint: str = "") -> Any:
        self.mistakes.append(Mistake(place, message, hint))
        return BAD


def _whole(values: tuple[Any, ...]) -> Any:
    return BAD if BAD in values else values


def _colon_hint(node: Node) -> str:
    if isinstance(node, Scalar) and ":" in node.text.strip("/"):
        name, _, rest = node.text.partition(":")
        return (
            f"put a space after the colon: {shorten(name, 30)}: {shorten(rest, 30)}"
            if rest[:1] not in (" ", "/")
            else ""
        )
    return ""


def _example(keys: Mapping[str, Key], node: Node) -> str:
    """What was probably meant: `every: 15m` by the `15m` of `schedule: 15m`."""
    if not isinstance(node, Scalar) or node.value is None:
        return ""
    key = next((key for key in keys.values() if key.required), next(iter(keys.values())))
    text = shorten(node.text, 30)
    return f"for example {{{key.name}: {text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)}}}"


def _some(keys: Mapping[str, Key]) -> str:
    required = [key.name for key in keys.values() if key.required]
    names = required or list(keys)
    return ", ".join(names) if required else f"keys such as {', '.join(names[:3])}"
