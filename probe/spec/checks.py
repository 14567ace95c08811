"""Readers of checks and captures: QUERY, filters, PREDICATES.

check      {QUERY: argument?, filter: "nth(0) | to_int"?, PREDICATE: value, …, soft?, not?}
capture    {NAME: {QUERY: argument?, filter: …?, secret?}}
"""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from probe.evaluate.filters import FILTERS
from probe.evaluate.pattern import PatternError, compile_pattern
from probe.evaluate.predicates import PREDICATES, TYPES, Operand
from probe.evaluate.queries import QUERIES, Argument, QueryError, QueryKind, compile_jsonpath, select_css
from probe.evaluate.suggest import did_you_mean
from probe.evaluate.template import TemplateError, parse_filters
from probe.evaluate.value import ValueKind
from probe.model.journey import Capture, Check, Predicate, Query
from probe.model.place import Place
from probe.model.template import Text
from probe.model.timing import Phase
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder
from probe.spec.nodes import Mapping, Node, Scalar, shorten
from probe.spec.scalars import inside, read_bool, read_duration, read_number, read_text, read_value

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MODIFIERS = {
    "filter": "Filters between the query and what tests it, for example `nth(0) | to_int`.",
    "attribute": "With `css`: this attribute of the element instead of its text.",
}
CHECK_MODIFIERS = {
    "not": "Turns the predicates around; what is not there at all still does not pass.",
    "soft": "Reported, but does not fail the step.",
}
CAPTURE_MODIFIERS = {"secret": "The value is redacted wherever it would show."}


class _Parts(Struct):
    """The keys of a check or capture, sorted by what they are."""

    query: tuple[Scalar, Node] | None
    predicates: list[tuple[Scalar, Node]]
    modifiers: dict[str, Node]
    sound: bool


def read_check(decoder: Decoder, node: Node) -> Any:
    parts = _sort(decoder, node, PREDICATES, {**MODIFIERS, **CHECK_MODIFIERS})
    if parts is BAD or parts.query is None:
        return BAD
    key, argument = parts.query
    kind = QUERIES[key.text]
    if kind.argument is Argument.NONE:
        parts = _nested(decoder, parts, kind)
        argument = None
    query = _read_query(decoder, key, argument, parts)
    filters = _read_filters(decoder, parts)
    negate, soft = (_read_flag(decoder, parts, name) for name in ("not", "soft"))
    if BAD in (filters, negate, soft):
        return BAD
    value = FILTERS[filters[-1].name].result if filters else kind.value
    predicates = tuple([_read_predicate(decoder, each, item, value) for each, item in parts.predicates])
    if not predicates and parts.sound:
        hint = f"add one beside it, for example exists: true (known: {', '.join(PREDICATES)})"
        decoder.mistake(key.place, f"the check {key.text} has no predicate", hint)
    if not parts.sound or not predicates or query is BAD or BAD in predicates:
        return BAD
    return Check(query, filters, predicates, node.place, negate, soft)


def read_captures(decoder: Decoder, node: Node) -> Any:
    if not isinstance(node, Mapping):
        return decoder.expected("a mapping of names to queries", node, "for example: order: {jsonpath: $.order.id}")
    captures = tuple([_read_capture(decoder, key, item) for key, item in node.pairs])
    return BAD if BAD in captures else captures


def _read_capture(decoder: Decoder, name: Scalar, node: Node) -> Any:
    if not NAME.fullmatch(name.text):
        return decoder.expected("a name of letters, digits and _", name, "it is used as ${name}")
    parts = _sort(decoder, node, {}, {**MODIFIERS, **CAPTURE_MODIFIERS})
    if parts is BAD or parts.query is None:
        return BAD
    key, argument = parts.query
    if QUERIES[key.text].argument is Argument.NONE:
        if not isinstance(argument, Scalar) or argument.value is not None:
            return decoder.expected(f"nothing after {key.text} in a capture", argument, f"write {key.text}:")
        argument = None
    query = _read_query(decoder, key, argument, parts)
    filters = _read_filters(decoder, parts)
    secret = _read_flag(decoder, parts, "secret")
    if not parts.sound or BAD in (query, filters, secret):
        return BAD
    return Capture(name.text, query, filters, name.place, secret)


def _sort(decoder: Decoder, node: Node, predicates: Iterable[str], modifiers: dict[str, str]) -> Any:
    if not isinstance(node, Mapping):
        text = node.text if isinstance(node, Scalar) else ""
        name, colon, rest = text.partition(":")
        hint = (
            f"put a space after the colon: {name}: {shorten(rest, 30)}"
            if colon and name in QUERIES
            else "{status: 200}"
        )
        return decoder.expected("a mapping with a query, such as {status: 200}", node, hint if colon else "")
    parts = _Parts(None, [], {}, True)
    for key, item in node.pairs:
        if key.text in QUERIES:
            if parts.query is not None:
                hint = "a second query is a check of its own: - {…}"
                decoder.mistake(key.place, f"expected one query, got {parts.query[0].text} and {key.text}", hint)
                parts.sound = False
            parts.query = parts.query or (key, item)
        elif key.text in predicates:
            parts.predicates.append((key, item))
        elif key.text in modifiers:
            parts.modifiers[key.text] = item
        else:
            hint = did_you_mean(key.text, [*QUERIES, *predicates, *modifiers])
            decoder.mistake(key.place, f"{shorten(key.text)} is no query, predicate or modifier", hint)
            parts.sound = False
    if parts.query is None and parts.sound:
        decoder.mistake(node.place, "expected a query", f"one of {', '.join(QUERIES)}")
    return parts


def _nested(decoder: Decoder, parts: _Parts, kind: QueryKind) -> _Parts:
    """`{status: 200}` is `{status: {equals: 200}}`; what is nested may be filtered there too."""
    assert parts.query is not None
    key, node = parts.query
    if isinstance(node, Mapping):
        inner = _sort_predicates(decoder, node)
        return _Parts(
            parts.query, inner.predicates, {**parts.modifiers, **inner.modifiers}, parts.sound and inner.sound
        )
    if isinstance(node, Scalar) and node.value is None:
        return parts
    if parts.predicates:
        hint = f"nest it: {{{key.text}: {{{parts.predicates[0][0].text}: …}}}}"
        decoder.mistake(parts.predicates[0][0].place, f"{key.text} is compared with a value already", hint)
        return _Parts(parts.query, [], parts.modifiers, sound=False)
    if isinstance(node, nodes.Sequence):
        decoder.expected(f"one value for {key.text}", node, f"write {{{key.text}: {{in: […]}}}}")
        return _Parts(parts.query, [], parts.modifiers, sound=False)
    equals = Scalar("equals", True, key.place)
    return _Parts(parts.query, [(equals, node)], parts.modifiers, parts.sound)


def _sort_predicates(decoder: Decoder, node: Mapping) -> _Parts:
    parts = _Parts(None, [], {}, True)
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


def _read_query(decoder: Decoder, key: Scalar, node: Node | None, parts: _Parts) -> Any:
    kind = QUERIES[key.text]
    if kind.needs_response and not decoder.has_response:
        return decoder.mistake(
            key.place, f"this step gets no answer, so there is no {key.text}", "known here: duration"
        )
    text = None if node is None else read_text(decoder, node)
    attribute = _read_attribute(decoder, key, parts)
    if BAD in (text, attribute) or (text is not None and _reject_argument(decoder, kind.argument, text)):
        return BAD
    return Query(key.text, text, attribute, key.place)


def _read_attribute(decoder: Decoder, key: Scalar, parts: _Parts) -> Any:
    node = parts.modifiers.get("attribute")
    if node is None:
        return None
    if key.text != "css":
        return decoder.mistake(node.place, f"attribute goes with css, not with {key.text}", "leave it out")
    if not isinstance(node, Scalar) or not node.text:
        return decoder.expected("an attribute's name", node, "for example: attribute: value")
    return node.text


def _reject_argument(decoder: Decoder, argument: Argument, text: Text) -> bool:
    """Whether what stands behind the query can never be right; a template is looked at when it is rendered."""
    literal = text.literal
    if literal is None:
        return False
    try:
        if argument is Argument.JSONPATH:
            compile_jsonpath(literal)
        elif argument is Argument.CSS:
            select_css("", literal)
        elif argument is Argument.REGEX:
            compile_pattern(literal)
        elif argument is Argument.PHASE:
            Phase(literal)
        elif not literal:
            raise QueryError("it is empty")
    except (QueryError, PatternError) as error:
        names = {
            Argument.JSONPATH: "a JSONPath (RFC 9535)",
            Argument.CSS: "a CSS selector",
            Argument.REGEX: "a regular expression (RE2)",
        }
        decoder.mistake(text.place, f"expected {names.get(argument, 'a name')}: {error}")
        return True
    except ValueError:
        phases = [phase.value for phase in Phase]
        decoder.mistake(text.place, f'expected a phase, got "{shorten(literal)}"', did_you_mean(literal, phases))
        return True
    return False


def _read_filters(decoder: Decoder, parts: _Parts) -> Any:
    node = parts.modifiers.get("filter")
    if node is None:
        return ()
    if not isinstance(node, Scalar) or not node.text:
        return decoder.expected("filters", node, 'for example: filter: "nth(0) | to_int"')
    try:
        return parse_filters(node.text)
    except TemplateError as error:
        return decoder.mistake(inside(node, error), f"in these filters: {error}", error.hint)


def _read_flag(decoder: Decoder, parts: _Parts, name: str) -> Any:
    node = parts.modifiers.get(name)
    return False if node is None else read_bool(decoder, node)


def _read_predicate(decoder: Decoder, key: Scalar, node: Node, value: ValueKind) -> Any:
    kind = PREDICATES[key.text]
    if value not in kind.on:
        able = [name for name, each in PREDICATES.items() if value in each.on]
        hint = (
            'make it a number first: filter: "to_float"'
            if kind.operand is Operand.ORDERED
            else f"use {', '.join(able)}"
        )
        return decoder.mistake(key.place, f"{key.text} cannot test a {value}", hint)
    operand = _read_operand(decoder, kind.operand, node, value)
    place = Place(key.place.file, key.place.line, key.place.column, _end(key.place, node.place), key.place.text)
    return BAD if operand is BAD else Predicate(key.text, operand, place)


def _read_operand(decoder: Decoder, operand: Operand, node: Node, value: ValueKind) -> Any:
    match operand:
        case Operand.BOOLEAN:
            return read_bool(decoder, node)
        case Operand.TYPE:
            return decoder.read_choice(str, TYPES, node)
        case Operand.TEXT:
            return read_text(decoder, node)
        case Operand.PATTERN:
            text = read_text(decoder, node)
            return BAD if text is BAD or _reject_argument(decoder, Argument.REGEX, text) else text
        case Operand.LIST:
            return _read_choices(decoder, node, value)
        case Operand.ORDERED:
            return read_duration(decoder, node) if value is ValueKind.DURATION else read_number(decoder, node)
    return _read_like(decoder, node, value)


def _read_like(decoder: Decoder, node: Node, value: ValueKind) -> Any:
    readers = {ValueKind.TEXT: read_text, ValueKind.NUMBER: read_number, ValueKind.DURATION: read_duration}
    return readers.get(value, read_value)(decoder, node)


def _read_choices(decoder: Decoder, node: Node, value: ValueKind) -> Any:
    if not isinstance(node, nodes.Sequence):
        return decoder.expected("a list", node, "for example: in: [200, 204]")
    choices = tuple([_read_like(decoder, item, value) for item in node.items])
    return BAD if BAD in choices else choices


def _end(key: Place, value: Place) -> int:
    return value.end_column if value.line == key.line else key.end_column
