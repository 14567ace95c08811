"""Readers of single values."""

import re
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from probe.evaluate.template import TemplateError, parse_text
from probe.model.duration import parse_duration
from probe.model.journey import Count, Percent
from probe.model.place import Place
from probe.model.template import Text
from probe.spec import nodes
from probe.spec.decode import BAD, Decoder
from probe.spec.nodes import Node, Scalar, shorten

LONGEST_NAME = 200
MOST_REDIRECTS = 50
LARGEST_COUNT = 10_000

_PERCENT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?%")
_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


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


def read_count(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and type(node.value) is int and 1 <= node.value <= LARGEST_COUNT:
        return Count(node.value)
    return decoder.expected(f"a whole number from 1 to {LARGEST_COUNT:,}", node)


def read_duration(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            return parse_duration(node.text)
        except ValueError as error:
            return decoder.expected("a duration", node, str(error))
    if isinstance(node, Scalar) and type(node.value) in (int, float):
        number = shorten(node.text, 20)
        return decoder.expected("a duration", node, f"write the unit: {number}ms, {number}s or {number}m")
    return decoder.expected("a duration", node, "such as 500ms or 2s")


def read_percent(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and _PERCENT.fullmatch(node.text):
        share = Decimal(node.text[:-1]) / 100
        if 0 < share <= 1:
            return Percent(float(share))
    return decoder.expected("a percentage above 0% and up to 100%", node, "for example 99.9%")


def read_decimal(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and node.plain and _DECIMAL.fullmatch(node.text):
        return Decimal(node.text)
    return decoder.expected("a number from 0, without quotes", node, "for example 19.90")


def read_currency(decoder: Decoder, node: Node) -> Any:
    if isinstance(node, Scalar) and _CURRENCY.fullmatch(node.text):
        return node.text
    return decoder.expected("three capital letters", node, "an ISO 4217 code, such as EUR")


def read_text(decoder: Decoder, node: Node) -> Any:
    """Text with templates in it. A number or true is taken as it is written: `1.10` stays `1.10`."""
    if not isinstance(node, Scalar) or node.value is None:
        return decoder.expected("text", node, 'empty text is written ""' if isinstance(node, Scalar) else "")
    try:
        text = decoder.texts[node.place] = parse_text(node.text, node.place)
    except TemplateError as error:
        at = inside(node.place, node.text, error.offset, error.length)
        return decoder.mistake(at, f"in this template: {error}", error.hint)
    return text


def read_credential(decoder: Decoder, node: Node) -> Any:
    """A template: what is written out stands in version control too. Its line is not shown."""
    text = read_text(decoder, node)
    if text is BAD or text.literal is None:
        return text
    hint = "secrets: {password: {env: …}}, and ${password} here"
    return decoder.mistake(replace(node.place, text=""), "a secret does not stand in the file", hint)


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
    hint = "leave the quotes out" if isinstance(node, Scalar) and _DECIMAL.fullmatch(node.text) else ""
    return decoder.expected("a number", node, hint)


def inside(place: Place, text: str, offset: int, length: int = 1) -> Place:
    """The place of a part of a scalar, when the scalar stands in one line as it is, quoted or not."""
    for start in (place.column - 1, place.column):
        if place.text.startswith(text, start):
            column = start + offset + 1
            return Place(place.file, place.line, column, column + length, place.text)
    return place
