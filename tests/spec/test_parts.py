from typing import Any

import pytest

from probe.evaluate.predicates import PREDICATES
from probe.spec.decode import Decoder
from probe.spec.load import READERS
from probe.spec.parts import CHECK_MODIFIERS, MODIFIERS, nested, sort_keys
from tests.spec.reading import node, spelled


def _sorted(text: str) -> tuple[Any, list[str]]:
    """The names of the query, the predicates and the modifiers, and the mistakes."""
    decoder = Decoder(READERS, [])
    parts = sort_keys(decoder, node(text), PREDICATES, {**MODIFIERS, **CHECK_MODIFIERS})
    if parts is not None and parts.query is not None and parts.query[0].text in ("status", "body"):
        parts = nested(decoder, parts)
    mistakes = [spelled(mistake) for mistake in decoder.mistakes]
    if parts is None:
        return None, mistakes
    query = parts.query and parts.query[0].text
    return (query, [key.text for key, _ in parts.predicates], sorted(parts.modifiers)), mistakes


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{css: h1, contains: a}", ("css", ["contains"], [])),
        ("{css: h1, starts_with: a, ends_with: b}", ("css", ["starts_with", "ends_with"], [])),
        ("{soft: true, exists: true, css: a, attribute: b}", ("css", ["exists"], ["attribute", "soft"])),
        ("{status: 200}", ("status", ["equals"], [])),
        ("{status: {above: 199, below: 300}, soft: true}", ("status", ["above", "below"], ["soft"])),
        ("{body: {filter: trim, equals: a, not: true}}", ("body", ["equals"], ["filter", "not"])),
        ("{status: , above: 199}", ("status", ["above"], [])),
        ("{status: }", ("status", [], [])),
    ],
)
def test_the_keys_of_a_check_are_a_query_predicates_and_modifiers(text: str, parts: tuple[Any, ...]) -> None:
    assert _sorted(text) == (parts, [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("status:200", ['1:1 status:200: expected a mapping with a query, such as {status: 200}, got "status:200"']),
        ("[status]", ["1:1 [: expected a mapping with a query, such as {status: 200}, got a list"]),
        ("{equals: 1}", ["1:1 {: expected a query"]),
        ("{css: a, body: b}", ["1:10 body: expected one query, got css and body"]),
        ("{stauts: 200}", ["1:2 stauts: unknown key stauts in a check"]),
        ("{status: 1, equals: 2}", ["1:13 equals: status is tested by what stands behind it already"]),
        ("{status: {equals: 1}, below: 2}", ["1:23 below: status is tested by what stands behind it already"]),
        ("{status: {equal: 1}}", ["1:11 equal: equal is no predicate"]),
        ("{status: [1]}", ["1:10 [: expected one value for status, got a list"]),
        (
            "{body: {equals: a, soft: true}, soft: false}",
            ["1:26 true: soft stands twice, within the braces and beside them"],
        ),
    ],
)
def test_keys_that_do_not_go_together_are_told(text: str, told: list[str]) -> None:
    assert _sorted(text)[1] == told
