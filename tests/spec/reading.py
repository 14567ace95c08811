"""Journeys in a few words, and what is wrong with them in a few lines."""

from typing import Any

from probe.errors import SpecError
from probe.model.journey import Journey, Step
from probe.model.place import Mistake
from probe.spec.decode import BAD, Decoder
from probe.spec.load import READERS, read_journey
from probe.spec.nodes import Node
from probe.spec.parse import parse
from probe.spec.source import Source

HEAD = 'journey: j\nvariables: {shop: "http://x"}\nsteps:\n'
GET = '- name: s\n  http: {get: "${shop}/"}\n'


def source(text: str) -> Source:
    return Source("a.yaml", text)


def journey(text: str) -> Journey:
    return read_journey(source(text))


def step(extra: str) -> Step:
    """The one step of a journey: a request, and the lines given."""
    return journey(f"{HEAD}{GET}{extra}").steps[0]


def wrong(text: str) -> list[str]:
    """`line:column marked text: message` for each mistake of a journey."""
    try:
        journey(text)
    except SpecError as error:
        return [spelled(mistake) for mistake in error.mistakes]
    return []


def wrong_step(extra: str) -> list[str]:
    return wrong(f"{HEAD}{GET}{extra}")


def spelled(mistake: Mistake) -> str:
    place = mistake.place
    marked = place.text[place.column - 1 : place.end_column - 1]
    return f"{place.line}:{place.column} {marked}: {mistake.message}"


def node(text: str) -> Node:
    mistakes: list[Mistake] = []
    read = parse(source(text), mistakes)
    assert read is not None
    assert mistakes == []
    return read


def read_as(kind: Any, text: str) -> Any:
    """What a text is read as; the texts of the mistakes when it cannot be."""
    mistakes: list[Mistake] = []
    value = Decoder(READERS, mistakes).read(kind, node(text))
    assert (value is BAD) is bool(mistakes)
    return [f"{mistake.message} ({mistake.hint})" for mistake in mistakes] or value
