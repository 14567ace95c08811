"""Readers of checks and captures: QUERY, filters, PREDICATES.

check      {QUERY: argument?, filter: "nth(0) | to_int"?, PREDICATE: value, …, soft?, not?}
capture    {NAME: {QUERY: argument?, filter: …?, secret?}}
"""

import re
from typing import Any

from probe.evaluate.filters import kind_after
from probe.evaluate.jsonpath import PathError, compile_jsonpath
from probe.evaluate.pattern import PatternError, compile_pattern
from probe.evaluate.predicates import PREDICATES, TYPES, Operand
from probe.evaluate.queries import (
    CERTIFICATE_FACTS,
    QUERIES,
    Argument,
    QueryError,
    certificate_fact,
    parse_html,
    phase_of,
    select_css,
)
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
from probe.spec.parts import CAPTURE_MODIFIERS, CHECK_MODIFIERS, MODIFIERS, Parts, nested, sort_keys
from probe.spec.scalars import inside, read_bool, read_duration, read_number, read_text, read_value

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_check(decoder: Decoder, node: Node) -> Any:
    parts = sort_keys(decoder, node, PREDICATES, {**MODIFIERS, **CHECK_MODIFIERS})
    if parts is None or parts.query is None:
        return BAD
    key, behind = parts.query
    alone = QUERIES[key.text].argument is Argument.NONE
    parts = nested(decoder, parts) if alone else parts
    query = _read_query(decoder, key, None if alone else behind, parts)
    filters = _read_filters(decoder, parts)
    negate, soft = (_read_flag(decoder, parts, name) for name in ("not", "soft"))
    if BAD in (filters, negate, soft):
        return BAD
    value = kind_after(QUERIES[key.text].value, filters)
    predicates = tuple([_read_predicate(decoder, each, item, value) for each, item in parts.predicates])
    if not predicates and parts.sound:
        beside = f"add one beside it, for example exists: true (known: {', '.join(PREDICATES)})"
        hint = f"say what it should be: {{{key.text}: …}}" if alone else beside
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
    parts = sort_keys(decoder, node, {}, {**MODIFIERS, **CAPTURE_MODIFIERS})
    if parts is None or parts.query is None:
        return BAD
    key, behind = parts.query
    alone = QUERIES[key.text].argument is Argument.NONE
    if alone and not (isinstance(behind, Scalar) and behind.value is None):
        return decoder.expected(f"nothing after {key.text} in a capture", behind, f"write {{{key.text}: }}")
    query = _read_query(decoder, key, None if alone else behind, parts)
    filters = _read_filters(decoder, parts)
    secret = _read_flag(decoder, parts, "secret")
    if not parts.sound or BAD in (query, filters, secret):
        return BAD
    return Capture(name.text, query, filters, name.place, secret)


def _read_query(decoder: Decoder, key: Scalar, node: Node | None, parts: Parts) -> Any:
    kind = QUERIES[key.text]
    if kind.looks_at is not None and kind.looks_at not in decoder.shown:
        known = [name for name, each in QUERIES.items() if each.looks_at is None or each.looks_at in decoder.shown]
        return decoder.mistake(key.place, f"a step of this kind has no {key.text}", f"known here: {', '.join(known)}")
    text = None if node is None else read_text(decoder, node)
    attribute = _read_attribute(decoder, key, parts)
    if BAD in (text, attribute) or (text is not None and _reject_argument(decoder, kind.argument, text)):
        return BAD
    return Query(key.text, text, attribute, key.place)


def _read_attribute(decoder: Decoder, key: Scalar, parts: Parts) -> Any:
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
    hint = did_you_mean(literal, list(Phase)) if argument is Argument.PHASE else _EXAMPLES.get(argument, "")
    try:
        _try_argument(argument, literal)
    except PathError as error:
        decoder.mistake(inside(text.place, literal, error.offset), f"not a JSONPath: {error}", hint)
    except PatternError as error:
        decoder.mistake(text.place, f"not a regular expression: {error}", hint)
    except QueryError as error:
        decoder.mistake(text.place, shorten(str(error), 100), hint)
    else:
        return False
    return True


def _try_argument(argument: Argument, literal: str) -> None:
    match argument:
        case Argument.JSONPATH:
            compile_jsonpath(literal)
        case Argument.CSS:
            select_css(parse_html(""), literal)
        case Argument.REGEX:
            compile_pattern(literal)
        case Argument.PHASE:
            phase_of(literal)
        case Argument.CERTIFICATE:
            certificate_fact(literal)
        case _ if not literal:
            raise QueryError("expected a name, got an empty text")


_EXAMPLES = {
    Argument.JSONPATH: "RFC 9535, for example $.order.id or $.items[*].price",
    Argument.CERTIFICATE: f"one of {', '.join(CERTIFICATE_FACTS)}",
    Argument.CSS: "for example h1, .total or input[name=csrf]",
    Argument.REGEX: "RE2 knows no look-around and no back-references",
}


def _read_filters(decoder: Decoder, parts: Parts) -> Any:
    node = parts.modifiers.get("filter")
    if node is None:
        return ()
    if not isinstance(node, Scalar) or not node.text:
        return decoder.expected("filters", node, 'for example: filter: "nth(0) | to_int"')
    try:
        return parse_filters(node.text)
    except TemplateError as error:
        at = inside(node.place, node.text, error.offset, error.length)
        return decoder.mistake(at, f"in these filters: {error}", error.hint)


def _read_flag(decoder: Decoder, parts: Parts, name: str) -> Any:
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
