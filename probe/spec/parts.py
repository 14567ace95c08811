"""The keys of a check or capture, sorted by what they are: query, predicates, modifiers."""

from collections.abc import Collection

from msgspec import Struct

from probe.evaluate.predicates import PREDICATES
from probe.evaluate.queries import QUERIES
from probe.evaluate.suggest import did_you_mean
from probe.spec import nodes
from probe.spec.decode import Decoder
from probe.spec.nodes import Mapping, Node, Scalar, shorten

MODIFIERS = {
    "filter": "Filters between the query and what tests it, for example `nth(0) | to_int`.",
    "attribute": "With `css`: this attribute of the element instead of its text.",
}
CHECK_MODIFIERS = {
    "not": "Passes when the predicates do not all hold; what is not there at all still does not pass.",
    "soft": "Reported, but does not fail the step.",
}
CAPTURE_MODIFIERS = {"secret": "The value is redacted wherever it would show."}


class Parts(Struct):
    """The keys of a check or capture, sorted by what they are."""

    query: tuple[Scalar, Node] | None
    predicates: list[tuple[Scalar, Node]]
    modifiers: dict[str, Node]
    sound: bool


def sort_keys(decoder: Decoder, node: Node, predicates: Collection[str], modifiers: Collection[str]) -> Parts | None:
    """The parts of a check, or of a capture when there are no predicates; None when it is no mapping."""
    if not isinstance(node, Mapping):
        example = "{status: 200}" if predicates else "{jsonpath: $.order.id}"
        decoder.expected(f"a mapping with a query, such as {example}", node, _spaced(node))
        return None
    parts = Parts(None, [], {}, True)
    for key, item in node.pairs:
        if key.text in QUERIES:
            if parts.query is not None:
                hint = "a second query is a check of its own: - {…}" if predicates else "capture it under another name"
                decoder.mistake(key.place, f"expected one query, got {parts.query[0].text} and {key.text}", hint)
                parts.sound = False
            parts.query = parts.query or (key, item)
        elif key.text in predicates:
            parts.predicates.append((key, item))
        elif key.text in modifiers:
            parts.modifiers[key.text] = item
        else:
            where = "a check" if predicates else "a capture"
            hint = _meant(key, [*QUERIES, *predicates, *modifiers])
            decoder.mistake(key.place, f"unknown key {shorten(key.text)} in {where}", hint)
            parts.sound = False
    if parts.query is None and parts.sound:
        decoder.mistake(node.place, "expected a query", f"one of {', '.join(QUERIES)}")
    return parts


def _spaced(node: Node) -> str:
    name, _, rest = node.text.partition(":") if isinstance(node, Scalar) else ("", "", "")
    return f"put a space after the colon: {name}: {shorten(rest, 30)}" if name in QUERIES and rest else ""


def _meant(key: Scalar, known: Collection[str]) -> str:
    if key.text in PREDICATES:
        return "a capture tests nothing: move it to a check"
    return did_you_mean(key.text, known)


def nested(decoder: Decoder, parts: Parts) -> Parts:
    """`{status: 200}` is `{status: {equals: 200}}`; what is nested may be filtered there too."""
    assert parts.query is not None
    key, node = parts.query
    if isinstance(node, Scalar) and node.value is None:
        return parts
    if parts.predicates:
        name = parts.predicates[0][0]
        hint = f"put it there too: {{{key.text}: {{{name.text}: …}}}}"
        decoder.mistake(name.place, f"{key.text} is tested by what stands behind it already", hint)
        return Parts(parts.query, [], parts.modifiers, sound=False)
    if isinstance(node, Mapping):
        return _joined(decoder, parts, _sort_predicates(decoder, node))
    if isinstance(node, nodes.Sequence):
        decoder.expected(f"one value for {key.text}", node, f"write {{{key.text}: {{in: […]}}}}")
        return Parts(parts.query, [], parts.modifiers, sound=False)
    equals = Scalar("equals", True, key.place)
    return Parts(parts.query, [(equals, node)], parts.modifiers, parts.sound)


def _joined(decoder: Decoder, outer: Parts, inner: Parts) -> Parts:
    for name in inner.modifiers.keys() & outer.modifiers.keys():
        decoder.mistake(inner.modifiers[name].place, f"{name} stands twice, within the braces and beside them")
    modifiers = {**outer.modifiers, **inner.modifiers}
    return Parts(outer.query, inner.predicates, modifiers, outer.sound and inner.sound)


def _sort_predicates(decoder: Decoder, node: Mapping) -> Parts:
    parts = Parts(None, [], {}, True)
    for key, item in node.pairs:
        if key.text in PREDICATES:
            parts.predicates.append((key, item))
        elif key.text in CHECK_MODIFIERS or key.text == "filter":
            parts.modifiers[key.text] = item
        else:
            hint = did_you_mean(key.text, [*PREDICATES, *CHECK_MODIFIERS, "filter"])
            decoder.mistake(key.place, f"{shorten(key.text)} is no predicate", hint)
            parts.sound = False
    return parts
