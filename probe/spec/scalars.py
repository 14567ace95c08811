"""Readers of single values."""

from decimal import Decimal, InvalidOperation
from typing import Any

from probe.evaluate.template import TemplateError, parse_text
from probe.model.duration import parse_duration
from probe.model.journey import Percent
from probe.model.place import Place
from probe.model.template import Text
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder
from probe.spec.nodes import Node, Scalar, shorten

LONGEST_NAME = 200
MOST_REDIRECTS = 50


def read_str(decoder: Decoder, node: Node) -> Any:
    """Plain text without templates: a number or true is taken as it is written."""
    if not isinstance(node, Scalar) or node.value is None:
        return decoder.expected("text", node, 'empty text is written ""' if isinstance(node, Scalar) else "")
    if "${" in node.text:
        return decoder.mistake(
            node.place, "expected plain text, got a template", "this is fixed when the file is loaded"
        )
    return node.text


def read_label(decoder: Decoder, node: Node) -> Any:
    """A name that goes into labels and reports: one line, not empty, not endless."""
    text = read_str(decoder, node)
    if text is BAD:
        return BAD
    if not text.strip() or not text.isprintable():
        return decoder.expected("a name in one line", node)
    if len(text) > LONGEST_NAME:
        return decoder.mistake(
            node.place, f"the name has {len(text)} characters, at most {LONGEST_NAME} are kept", "shorten it"
        )
    return text


def read_bool(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    word = node.text.lower() if isinstance(node, Scalar) else ""
    hint = f"in YAML 1.2 {word} is a text; write true or false" if word in ("yes", "no", "on", "off") else ""
    return decoder.expected("true or false", node, hint)


def read_duration(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            return parse_duration(node.text)
        except ValueError:
            pass
    hint = "a number and a unit, such as 500ms, 2s, 1m30s, 12h or 7d"
    if isinstance(node, Scalar) and isinstance(node.value, int):
        hint = f"write the unit: {shorten(node.text, 20)}ms, {shorten(node.text, 20)}s or {shorten(node.text, 20)}m"
    return decoder.expected("a duration", node, hint)


def read_percent(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and node.text.endswith("%"):
        try:
            share = Decimal(node.text[:-1]) / 100
            if 0 < share <= 1:
                return Percent(float(share))
        except InvalidOperation:
            pass
    return decoder.expected("a percentage above 0% and up to 100%", node, "for example 99.9%")


def read_decimal(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, int | float):
        try:
            return Decimal(node.text)
        except InvalidOperation:
            pass
    return decoder.expected("a number", node, "for example 19.90")


def read_text(decoder: Decoder, node: Node) -> Any:
    """Text with templates in it. A number or true is taken as it is written: `1.10` stays `1.10`."""
    if not isinstance(node, Scalar) or node.value is None:
        return decoder.expected("text", node, 'empty text is written ""' if isinstance(node, Scalar) else "")
    try:
        return parse_text(node.text, node.place)
    except TemplateError as error:
        return decoder.mistake(inside(node, error), f"in this template: {error}", error.hint)


def read_texts(decoder: Decoder, node: Node) -> Any:
    """One text or a list of them: a parameter may be given several times."""
    if isinstance(node, nodes.Sequence):
        return decoder.read_list(Text, node)
    text = read_text(decoder, node)
    return BAD if text is BAD else (text,)


def read_follow(decoder: Decoder, node: Node) -> Any:
    """`false` or the greatest number of redirects to follow."""
    if isinstance(node, Scalar) and (
        node.value is False or (type(node.value) is int and 1 <= node.value <= MOST_REDIRECTS)
    ):
        return int(node.value)
    return decoder.expected(f"false or a number from 1 to {MOST_REDIRECTS}", node, "follow: 5")


def read_value(decoder: Decoder, node: Node) -> Any:
    """Anything JSON has, with templates in its texts."""
    if isinstance(node, nodes.Sequence):
        return decoder.read_list(Any, node)
    if isinstance(node, nodes.Mapping):
        return decoder.read_mapping(Any, node)
    if node.loses_zeros:
        hint = f'for text write "{node.text}", for the number {int(node.text)}'
        return decoder.mistake(node.place, f"{shorten(node.text)} would be read as the number {int(node.text)}", hint)
    if node.is_not_finite:
        return decoder.mistake(node.place, f"{shorten(node.text)} is no number JSON has", "quote it to make it text")
    return read_text(decoder, node) if isinstance(node.value, str) else node.value


def read_number(decoder: Decoder, node: Node) -> Any:
    """A number, or a template that gives one when it is rendered."""
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return read_value(decoder, node)
    if isinstance(node, Scalar) and node.text.startswith("${"):
        return read_text(decoder, node)
    return decoder.expected("a number", node)


def inside(node: Scalar, error: TemplateError) -> Place:
    """The place of a mistake within a scalar, when the scalar stands in one line as it is."""
    place = node.place
    start = place.text.find(node.text, place.column - 1)
    if start < 0:
        return place
    column = start + error.offset + 1
    return Place(place.file, place.line, column, column + error.length, place.text)
