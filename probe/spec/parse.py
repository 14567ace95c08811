"""YAML text to nodes, read iteratively from the parser's events.

Nothing is constructed from tags, and size and depth are bounded: PyYAML's own composer recurses in C and dies on deep
nesting, and an alias bomb is a few lines.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from probe.model.place import Mistake, Place
from probe.spec.nodes import Mapping, Node, Scalar, Sequence, describe, shorten
from probe.spec.source import Source
from probe.spec.syntax import syntax_mistake

MAX_DEPTH = 64
MAX_NODES = 10_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(source: Source, mistakes: list[Mistake]) -> Node | None:
    """The file's one document; None when it cannot be read on, with the reason among the mistakes."""
    try:
        return _Reader(source, mistakes).read()
    except _Unreadable as end:
        mistakes.append(end.mistake)
    except yaml.YAMLError as error:
        mistakes.append(syntax_mistake(source, error))
    return None


class _Unreadable(Exception):  # noqa: N818 - carries the mistake that ends the reading
    def __init__(self, place: Place, message: str, hint: str) -> None:
        super().__init__(message)
        self.mistake = Mistake(place, message, hint)


class _Open:
    """A collection whose end has not come yet, with its size and height so far, aliases counted in full."""

    def __init__(self, node: Sequence | Mapping, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Scalar | None = None
        self.size = 1
        self.height = 1


class _Reader:
    def __init__(self, source: Source, mistakes: list[Mistake]) -> None:
        self.source = source
        self.mistakes = mistakes
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.root: Node | None = None

    def read(self) -> Node:
        documents = 0
        for event in self._events():
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Unreadable(
                        self._place(event),
                        "expected one document, got a second one",
                        f"one {self.source.kind} per file",
                    )
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
        if self.root is None:
            what = "a file of comments" if self.source.text.strip() else "an empty file"
            raise _Unreadable(
                self.source.place(0), f"expected a {self.source.kind}, got {what}", f"start with: {self.source.opening}"
            )
        return self.root

    def _events(self) -> Iterator[Any]:
        loader = _Loader(self.source.text)
        try:
            while loader.check_event():
                yield loader.get_event()
        finally:
            loader.dispose()

    def _place(self, event: Any) -> Place:
        return self.source.place(event.start_mark.index, event.end_mark.index)

    def _scalar(self, event: Any) -> None:
        self._refuse_tag(event)
        node = Scalar(event.value, not event.style and event.tag is None, self._place_of_scalar(event))
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 0)
        self._attach(node, 1, 0)

    def _place_of_scalar(self, event: Any) -> Place:
        """Where nothing stands, the sign before it shows what has no value."""
        start, end = event.start_mark.index, event.end_mark.index
        return self.source.place(start if start < end else max(start - 1, 0), end)

    def _open(self, event: Any) -> None:
        self._refuse_tag(event)
        place = self._place(event)
        if len(self.stack) >= MAX_DEPTH:
            raise _Unreadable(
                place, f"nested deeper than {MAX_DEPTH} levels", f"a {self.source.kind} needs no such depth"
            )
        node = Sequence([], place) if isinstance(event, yaml.SequenceStartEvent) else Mapping([], place)
        self.stack.append(_Open(node, event.anchor))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.node, done.size, done.height)
        self._attach(done.node, done.size, done.height)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        if event.anchor not in self.anchors:
            around = any(each.anchor == event.anchor for each in self.stack)
            what = "stands within its own anchor" if around else "has no anchor"
            hint = "write the value out" if around else f"an anchor is written &{event.anchor}, before its aliases"
            raise _Unreadable(place, f"the alias *{event.anchor} {what}", hint)
        node, size, height = self.anchors[event.anchor]
        if len(self.stack) + height > MAX_DEPTH:
            raise _Unreadable(
                place, f"nested deeper than {MAX_DEPTH} levels", f"a {self.source.kind} needs no such depth"
            )
        self._attach(node, size, height)

    def _attach(self, node: Node, size: int, height: int) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += size
        parent.height = max(parent.height, height + 1)
        if parent.size > MAX_NODES:
            message = f"more than {MAX_NODES:,} nodes, aliases counted in full"
            raise _Unreadable(parent.node.place, message, f"a {self.source.kind} is no place for data")
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = self._key(node)
        else:
            self._pair(parent.node, parent.key, node)
            parent.key = None

    def _key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar) and node.text:
            return node
        hint = 'a template is written "${name}"' if isinstance(node, Mapping) else "a key is a name, such as get:"
        raise _Unreadable(node.place, f"expected a name as key, got {describe(node)}", hint)

    def _pair(self, mapping: Mapping, key: Scalar, node: Node) -> None:
        name, _, rest = key.text.partition(":")
        if key.plain and name and rest and isinstance(node, Scalar) and node.plain and not node.text:
            hint = f"put a space after the colon: {name}: {shorten(rest)}"
            self._mistake(key.place, f"expected a key and a value, got {describe(key)}", hint)
            self._pair(mapping, Scalar(name, True, key.place), Scalar(rest, True, key.place))  # as it was meant
        elif key.plain and key.text == "<<":
            self._mistake(
                key.place, "merge keys (<<) are not read", "write the keys out, or use an alias for the whole value"
            )
        elif (first := mapping.get(key.text)) is not None:
            hint = f"it stands at line {first.place.line} already; one of the two has to go"
            self._mistake(key.place, f"the key {shorten(key.text)} stands twice", hint)
        else:
            mapping.pairs.append((key, node))

    def _refuse_tag(self, event: Any) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            shown = shorten(event.tag.replace("tag:yaml.org,2002:", "!!"))
            self._mistake(self._place(event), f"the tag {shown} means nothing here", "quote a value to make it text")

    def _mistake(self, place: Place, message: str, hint: str) -> None:
        self.mistakes.append(Mistake(place, message, hint))
