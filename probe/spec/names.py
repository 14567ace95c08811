"""Whether every name a journey uses stands for something when it is used.

Looks at the nodes and not at the journey they make, so that a file with other mistakes in it is told about names too.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from probe.evaluate.suggest import closest, did_you_mean
from probe.evaluate.template import names_in
from probe.model.journey import IDEMPOTENCY_KEY, Journey, Step
from probe.model.place import Mistake, Place
from probe.model.template import Text
from probe.spec import nodes
from probe.spec.keys import keys_of
from probe.spec.nodes import Node, Scalar

Texts = Mapping[Place, Text]
"""The templates of a file, by where they stand."""

Pairs = list[tuple[Scalar, Node]]


class _Names(Struct):
    """The parts of a journey that give names a meaning or use them."""

    variables: Pairs
    secrets: Pairs
    steps: list[nodes.Mapping]
    always: list[nodes.Mapping]
    network: Node | None


def check_names(root: nodes.Mapping, texts: Texts) -> list[Mistake]:
    variables, secrets, steps, always, network = (
        _meant(root, key, Journey) for key in ("variables", "secrets", "steps", "always", "network")
    )
    names = _Names(_pairs(variables), _pairs(secrets), _mappings(steps), _mappings(always), network)
    return [*_twice(names), *_unknown(names, texts), *_colliding(names), *_mistakable(names, texts)]


def _twice(names: _Names) -> Iterator[Mistake]:
    seen: dict[str, Place] = {}
    for name in _step_names(names):
        if name.text in seen:
            hint = f"the other is at line {seen[name.text].line}; results are told apart by the step's name"
            yield Mistake(name.place, f'two steps are named "{name.text}"', hint)
        elif name.text:
            seen[name.text] = name.place


def _step_names(names: _Names) -> Iterator[Scalar]:
    """Those of steps, then those of undos, with the ones they have by themselves."""
    for step in (*names.steps, *names.always):
        if isinstance(name := step.get("name"), Scalar):
            yield name
    for step in names.steps:
        undo, name = step.get("undo"), step.get("name")
        if isinstance(undo, nodes.Mapping):
            own = undo.get("name")
            if isinstance(own, Scalar):
                yield own
            elif isinstance(name, Scalar) and name.text:
                yield Scalar(f"undo {name.text}", True, undo.place)
            for each in _mappings(undo.get("login")):
                if isinstance(named := each.get("name"), Scalar):
                    yield named


def _unknown(names: _Names, texts: Texts) -> Iterator[Mistake]:
    steps = [*names.steps, *names.always]
    defined = {key.text: key.place for key, _ in (*names.variables, *(pair for s in steps for pair in _captures(s)))}
    look = _Look(texts, defined, {key.text for key, _ in names.secrets})
    for key, node in names.variables:
        yield from look.unknown_in(node)
        look.known.add(key.text)
    if names.network is not None:
        yield from look.unknown_in(names.network)  # before any step: it holds for all of them
    for step in names.steps:
        yield from look.unknown_in(_without_undo(step))
        look.known |= {key.text for key, _ in _captures(step)}
    for step in names.steps:
        yield from _unknown_in_undo(step.get("undo"), look)
    for step in names.always:
        yield from look.unknown_in(step)
        look.known |= {key.text for key, _ in _captures(step)}


def _unknown_in_undo(undo: Node | None, look: "_Look") -> Iterator[Mistake]:
    """An undo knows what the journey's steps do, its own login and find, and the key its write was sent with."""
    if not isinstance(undo, nodes.Mapping):
        return
    own = _Look(look.texts, look.defined, {*look.known, IDEMPOTENCY_KEY})
    find = undo.get("find")
    for step in (*_mappings(undo.get("login")), *([find] if isinstance(find, nodes.Mapping) else [])):
        yield from own.unknown_in(step)
        own.known |= {key.text for key, _ in _captures(step)}
    rest = [(key, item) for key, item in undo.pairs if key.text not in ("login", "find")]
    yield from own.unknown_in(nodes.Mapping(rest, undo.place))


class _Look(Struct):
    """What is known at a point of the journey: `defined` is where every name gets its value, early or late."""

    texts: Texts
    defined: Mapping[str, Place]
    known: set[str]

    def unknown_in(self, node: Node) -> Iterator[Mistake]:
        for text in _texts_in(node, self.texts):
            for name in dict.fromkeys(name for _, name in names_in(text)):
                if name not in self.known:
                    yield Mistake(_place_of(name, text), f"{name} is not defined here", self._hint(name))

    def _hint(self, name: str) -> str:
        if name in self.defined:
            return f"it gets its value later, at line {self.defined[name].line}"
        return did_you_mean(name, self.known) or "define it under variables:, or capture it in a step before"


def _texts_in(node: Node, texts: Texts) -> Iterator[Text]:
    match node:
        case Scalar():
            if node.place in texts:
                yield texts[node.place]
        case nodes.Sequence():
            for item in node.items:
                yield from _texts_in(item, texts)
        case nodes.Mapping():
            for _, item in node.pairs:
                yield from _texts_in(item, texts)


def _place_of(name: str, text: Text) -> Place:
    """Where the name stands in a text of one line; otherwise where the text does."""
    place = text.place
    within = place.text[: place.end_column - 1]
    found = re.compile(rf"\$\{{\s*({re.escape(name)})\b").search(within, place.column - 1)
    return place if found is None else Place(place.file, place.line, found.start(1) + 1, found.end(1) + 1, place.text)


def _colliding(names: _Names) -> Iterator[Mistake]:
    """A name has one meaning: a variable, a secret, or something captured."""
    taken = dict.fromkeys((key.text for key, _ in names.variables), "a variable")
    for key, _ in names.secrets:
        if key.text in taken:
            yield Mistake(key.place, f"{key.text} is a variable and a secret", "rename one of them")
        taken[key.text] = "a secret"
    for step in (*names.steps, *names.always, *_of_undos(names)):
        for key, _ in _captures(step):
            if key.text in taken:
                yield Mistake(key.place, f"{key.text} is {taken[key.text]} already", "capture under another name")


def _mistakable(names: _Names, texts: Texts) -> Iterator[Mistake]:
    """What undos use must be captured once: with two orders under one name, one is taken back twice and one never.

    The `find` of an undo captures what its own write could not: no other one may capture the same.
    """
    undos = [undo for step in names.steps if isinstance(undo := step.get("undo"), nodes.Mapping)]
    used = {name for undo in undos for text in _texts_in(undo, texts) for _, name in names_in(text)}
    hint = "an undo uses it, and could take back the wrong one: capture it under another name"
    for captures in (
        [key for step in names.steps for key, _ in _captures(step)],
        [key for undo in undos for key in {key.text: key for key in _found(undo)}.values()],
    ):
        seen: set[str] = set()
        for key in captures:
            if key.text in used & seen:
                yield Mistake(key.place, f"{key.text} is captured twice", hint)
            seen.add(key.text)


def _found(undo: nodes.Mapping) -> Iterator[Scalar]:
    """What an undo captures in a run that goes on: its login is for another process."""
    for step in (undo.get("find"), undo):
        if isinstance(step, nodes.Mapping):
            yield from (key for key, _ in _captures(step))


def _of_undos(names: _Names) -> Iterator[nodes.Mapping]:
    """The undos, and the steps in them."""
    for step in names.steps:
        if isinstance(undo := step.get("undo"), nodes.Mapping):
            find = undo.get("find")
            yield from (*_mappings(undo.get("login")), *([find] if isinstance(find, nodes.Mapping) else []), undo)


def _captures(step: nodes.Mapping) -> Pairs:
    return _pairs(_meant(step, "capture", Step))


def _meant(mapping: nodes.Mapping, name: str, struct: type[Struct]) -> Node | None:
    """What stands behind a key, or behind the key that was probably meant to be it: that mistake is told already."""
    node = mapping.get(name)
    if node is not None:
        return node
    unknown = [(key, item) for key, item in mapping.pairs if key.text not in keys_of(struct)]
    return next((item for key, item in unknown if closest(key.text, keys_of(struct)) == name), None)


def _without_undo(step: nodes.Mapping) -> nodes.Mapping:
    return nodes.Mapping([(key, item) for key, item in step.pairs if key.text != "undo"], step.place)


def _pairs(node: Node | None) -> Pairs:
    return node.pairs if isinstance(node, nodes.Mapping) else []


def _mappings(node: Node | None) -> list[nodes.Mapping]:
    return [item for item in node.items if isinstance(item, nodes.Mapping)] if isinstance(node, nodes.Sequence) else []
