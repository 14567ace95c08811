"""Whether every name a journey uses stands for something when it is used.

Looks at the nodes and not at the journey they make, so that a file with other mistakes in it is told about names too.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from probe.evaluate.suggest import closest, did_you_mean
from probe.evaluate.template import names_in
from probe.model.journey import Journey, Step
from probe.model.place import Mistake, Place
from probe.model.template import Text
from probe.spec import nodes
from probe.spec.keys import keys_of
from probe.spec.nodes import Node, Scalar
from probe.spec.scalars import inside
from probe.steps import KINDS

Texts = Mapping[Place, Text]
"""The templates of the file, by where they stand."""


def check_names(root: nodes.Mapping, texts: Texts) -> list[Mistake]:
    variables, secrets = (_pairs(_meant(root, key, keys_of(Journey))) for key in ("variables", "secrets"))
    steps, always = (_items(_meant(root, key, keys_of(Journey))) for key in ("steps", "always"))
    known = {key.text for key, _ in secrets}
    mistakes = []
    for key, node in variables:
        mistakes += _unknown(node, texts, known, "; variables see the ones above them")
        known.add(key.text)
    undos = []
    for section in (steps, always):
        for step in section:
            mistakes += _unknown(nodes.Mapping([p for p in step.pairs if p[0].text != "undo"], step.place), texts, known)
            undos += [node for key, node in step.pairs if key.text == "undo"]
            known |= {key.text for key, _ in _captures(step)}
        for undo in undos:  # they come after the steps
            mistakes += _unknown(undo, texts, known)
        undos.clear()
    return [*mistakes, *_twice([*steps, *always]), *_colliding(variables, secrets, [*steps, *always])]


def _unknown(node: Node, texts: Texts, known: Collection[str], why: str = "") -> Iterator[Mistake]:
    for text in _texts(node, texts):
        for _, name in names_in(text):
            if name not in known:
                hint = did_you_mean(name, known) or "define it under variables:, or capture it in a step before"
                yield Mistake(_place_of(text, name), f"{name} is not defined here", hint + why)


def _texts(node: Node, texts: Texts) -> Iterator[Text]:
    match node:
        case Scalar():
            if node.place in texts:
                yield texts[node.place]
        case nodes.Sequence():
            for item in node.items:
                yield from _texts(item, texts)
        case nodes.Mapping():
            for _, item in node.pairs:
                yield from _texts(item, texts)


def _place_of(text: Text, name: str) -> Place:
    ...


def _twice(steps: Iterable[nodes.Mapping]) -> Iterator[Mistake]:
    seen: dict[str, Place] = {}
    for step in steps:
        name = step.get("name")
        if not isinstance(name, Scalar) or name.value is None:
            continue
        if name.text in seen:
            hint = f"the other is at line {seen[name.text].line}; results are told apart by the step's name"
            yield Mistake(name.place, f'two steps are named "{name.text}"', hint)
        seen.setdefault(name.text, name.place)


def _colliding(variables, secrets, steps) -> Iterator[Mistake]:
    """A name has one meaning: a variable, a secret, or something captured."""
