"""Queries pull values out of what a step observed. A new one is a function and a line in `QUERIES`."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from probe.evaluate.jsonpath import PathError, find_all
from probe.evaluate.pattern import PatternError, compile_pattern
from probe.evaluate.value import MISSING, Matches, ValueKind, read_json, show
from probe.model.duration import Duration
from probe.model.observation import Observation, Response
from probe.model.timing import Phase

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser


class QueryError(Exception):
    """The argument is none for this query; the text says why."""


class Argument(StrEnum):
    """What stands behind a query's name."""

    NONE = "none"
    TEXT = "text"
    JSONPATH = "jsonpath"
    CSS = "css"
    REGEX = "regex"
    PHASE = "phase"


def status(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).status


def header(seen: Observation, argument: str, attribute: str | None) -> Any:
    """Every line of that name; together they are one value, joined by commas (RFC 9110 §5.3)."""
    values = [value for name, value in _response(seen).headers if name.lower() == argument.lower()]
    return Matches(values, ", ".join(values))


def body(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).text


def jsonpath(seen: Observation, argument: str, attribute: str | None) -> Any:
    """RFC 9535. A path that can only ever match one value gives it; any other gives a list."""
    try:
        document = _response(seen).parsed(read_json)
        values, singular = find_all(argument, document)
    except PathError as error:
        raise QueryError(f"not a JSONPath: {error}") from None
    except ValueError:
        raise QueryError(f"expected a JSON body, got {show(_response(seen).text)}") from None
    return Matches(values, values[0] if singular and values else values)


def css(seen: Observation, argument: str, attribute: str | None) -> Any:
    """The text of the matching elements, or one of their attributes; together they are the first."""
    nodes = select_css(_response(seen).parsed(parse_html), argument)
    if attribute is None:
        values: list[Any] = [" ".join(node.text().split()) for node in nodes]
    else:
        values = [node.attributes[attribute] or "" for node in nodes if attribute in node.attributes]
    return Matches(values, values[0] if values else MISSING)


def regex(seen: Observation, argument: str, attribute: str | None) -> Any:
    """The first group of every match, or the whole match when there is no group; together they are the first."""
    try:
        pattern = compile_pattern(argument)
    except PatternError as error:
        raise QueryError(str(error)) from None
    group = 1 if pattern.groups else 0
    found = [match.group(group) for match in pattern.finditer(_response(seen).text)]
    values = [text for text in found if text is not None]
    return Matches(values, values[0] if values else MISSING)


def cookie(seen: Observation, argument: str, attribute: str | None) -> Any:
    """The value the next request to the same address would send."""
    return _response(seen).cookies.get(argument, MISSING)


def duration(seen: Observation, argument: str, attribute: str | None) -> Any:
    return Duration(seen.duration_ns)


def phase(seen: Observation, argument: str, attribute: str | None) -> Any:
    nanoseconds = seen.phases.get(phase_of(argument))
    return MISSING if nanoseconds is None else Duration(nanoseconds)


def url(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).url


def redirects(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).redirects


class QueryKind(Struct, frozen=True):
    find: Callable[[Observation, str, str | None], Any]
    description: str
    argument: Argument
    value: ValueKind
    needs_response: bool = True


QUERIES: dict[str, QueryKind] = {
    "status": QueryKind(status, "The status code of the last answer.", Argument.NONE, ValueKind.NUMBER),
    "header": QueryKind(header, "A header of the last answer, by name.", Argument.TEXT, ValueKind.TEXT),
    "body": QueryKind(body, "The last answer's body as text.", Argument.NONE, ValueKind.TEXT),
    "jsonpath": QueryKind(jsonpath, "A value of a JSON body (RFC 9535).", Argument.JSONPATH, ValueKind.ANY),
    "css": QueryKind(
        css, "The text (or `attribute:`) of the element a CSS selector finds.", Argument.CSS, ValueKind.TEXT
    ),
    "regex": QueryKind(
        regex, "The first group of a regular expression (RE2) in the body.", Argument.REGEX, ValueKind.TEXT
    ),
    "cookie": QueryKind(cookie, "A cookie's value, by name.", Argument.TEXT, ValueKind.TEXT),
    "duration": QueryKind(duration, "The step's duration.", Argument.NONE, ValueKind.DURATION, needs_response=False),
    "phase": QueryKind(phase, "The time of one phase of the step.", Argument.PHASE, ValueKind.DURATION),
    "url": QueryKind(url, "The address of the last answer, after redirects.", Argument.NONE, ValueKind.TEXT),
    "redirects": QueryKind(redirects, "How many redirects were followed.", Argument.NONE, ValueKind.NUMBER),
}


def phase_of(name: str) -> Phase:
    try:
        return Phase(name)
    except ValueError:
        raise QueryError(f"not a phase: {name}") from None


def parse_html(html: str) -> "LexborHTMLParser":
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(html)


def select_css(page: "LexborHTMLParser", selector: str) -> list[Any]:
    from selectolax.lexbor import SelectolaxError

    try:
        return page.css(selector)
    except SelectolaxError:
        raise QueryError(f"not a CSS selector: {show(selector)}") from None


def _response(seen: Observation) -> Response:
    if seen.response is None:
        raise QueryError("the step got no answer to look at")
    return seen.response
