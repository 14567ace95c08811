"""Queries pull values out of what a step observed. A new one is a function and a line in `QUERIES`."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from probe.evaluate.jsonpath import PathError, find_all
from probe.evaluate.pattern import PatternError, compile_pattern
from probe.evaluate.value import MISSING, Matches, ValueKind, read_json, show
from probe.model.certificate import TlsFacts
from probe.model.duration import Duration
from probe.model.observation import Observation, Response, Seen
from probe.model.size import format_size
from probe.model.timing import Phase

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

CERTIFICATE_FACTS: dict[str, Callable[[TlsFacts, datetime], Any]] = {
    "days_left": lambda tls, now: min((each.days_left(now) for each in tls.chain), default=MISSING),
    "expires": lambda tls, now: MISSING if tls.expires_at is None else tls.expires_at.isoformat(),
    "subject": lambda tls, now: tls.chain[0].subject if tls.chain else MISSING,
    "issuer": lambda tls, now: tls.chain[0].issuer if tls.chain else MISSING,
    "sans": lambda tls, now: list(tls.chain[0].sans) if tls.chain else MISSING,
    "serial": lambda tls, now: tls.chain[0].serial if tls.chain else MISSING,
    "version": lambda tls, now: tls.version,
    "cipher": lambda tls, now: tls.cipher,
    "alpn": lambda tls, now: tls.alpn or MISSING,
}
"""`days_left` and `expires` are of the certificate in the chain that expires first, the others the server's own."""


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
    CERTIFICATE = "certificate"


def status(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).status


def header(seen: Observation, argument: str, attribute: str | None) -> Any:
    """Every line of that name; together they are one value, joined by commas (RFC 9110 §5.3)."""
    values = [value for name, value in _response(seen).headers if name.lower() == argument.lower()]
    return Matches(values, ", ".join(values))


def body(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _text(seen)


def size(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).size


def sha256(seen: Observation, argument: str, attribute: str | None) -> Any:
    return _response(seen).sha256


def jsonpath(seen: Observation, argument: str, attribute: str | None) -> Any:
    """RFC 9535. A path that can only ever match one value gives it; any other gives a list."""
    try:
        document = _parsed(seen, read_json)
        values, singular = find_all(argument, document)
    except PathError as error:
        raise QueryError(f"not a JSONPath: {error}") from None
    except ValueError:
        raise QueryError(f"expected a JSON body, got {show(_text(seen))}") from None
    return Matches(values, values[0] if singular and values else values)


def css(seen: Observation, argument: str, attribute: str | None) -> Any:
    """The text of the matching elements, or one of their attributes; together they are the first."""
    nodes = select_css(_parsed(seen, parse_html), argument)
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
    found = [match.group(group) for match in pattern.finditer(_text(seen))]
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


def certificate(seen: Observation, argument: str, attribute: str | None) -> Any:
    if seen.tls is None or seen.seen_at is None:
        raise QueryError("there was no TLS")
    return certificate_fact(argument)(seen.tls, seen.seen_at)


def answers(seen: Observation, argument: str, attribute: str | None) -> Any:
    found = list(seen.answers or ())
    return Matches(found, found)


class QueryKind(Struct, frozen=True):
    find: Callable[[Observation, str, str | None], Any]
    description: str
    argument: Argument
    value: ValueKind
    looks_at: Seen | None = Seen.RESPONSE
    """None: at what every step shows."""


QUERIES: dict[str, QueryKind] = {
    "status": QueryKind(status, "The status code of the last answer.", Argument.NONE, ValueKind.NUMBER),
    "header": QueryKind(header, "A header of the last answer, by name.", Argument.TEXT, ValueKind.TEXT),
    "body": QueryKind(body, "The last answer's body as text.", Argument.NONE, ValueKind.TEXT, Seen.TEXT),
    "size": QueryKind(size, "How many bytes the decoded body has.", Argument.NONE, ValueKind.NUMBER),
    "sha256": QueryKind(sha256, "The SHA-256 of the decoded body, in hex.", Argument.NONE, ValueKind.TEXT),
    "jsonpath": QueryKind(jsonpath, "A value of a JSON body (RFC 9535).", Argument.JSONPATH, ValueKind.ANY, Seen.TEXT),
    "css": QueryKind(
        css, "The text (or `attribute:`) of the element a CSS selector finds.", Argument.CSS, ValueKind.TEXT
    ),
    "regex": QueryKind(
        regex, "The first group of a regular expression (RE2) in the body.", Argument.REGEX, ValueKind.TEXT, Seen.TEXT
    ),
    "cookie": QueryKind(cookie, "A cookie's value, by name.", Argument.TEXT, ValueKind.TEXT),
    "duration": QueryKind(duration, "The step's duration.", Argument.NONE, ValueKind.DURATION, None),
    "phase": QueryKind(phase, "The time of one phase of the step.", Argument.PHASE, ValueKind.DURATION, Seen.PHASES),
    "url": QueryKind(url, "The address of the last answer, after redirects.", Argument.NONE, ValueKind.TEXT),
    "redirects": QueryKind(redirects, "How many redirects were followed.", Argument.NONE, ValueKind.NUMBER),
    "certificate": QueryKind(
        certificate,
        f"What TLS agreed on and the server showed: {', '.join(CERTIFICATE_FACTS)}.",
        Argument.CERTIFICATE,
        ValueKind.ANY,
        Seen.CERTIFICATE,
    ),
    "answers": QueryKind(answers, "What name servers answered.", Argument.NONE, ValueKind.LIST, Seen.ANSWERS),
}


def phase_of(name: str) -> Phase:
    try:
        return Phase(name)
    except ValueError:
        raise QueryError(f"not a phase: {name}") from None


def certificate_fact(name: str) -> Callable[[TlsFacts, datetime], Any]:
    if name not in CERTIFICATE_FACTS:
        raise QueryError(f"not a fact of a certificate: {name}")
    return CERTIFICATE_FACTS[name]


def parse_html(html: str) -> "LexborHTMLParser":
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(html)


def select_css(page: "LexborHTMLParser", selector: str) -> list[Any]:
    from selectolax.lexbor import SelectolaxError

    try:
        return page.css(selector)
    except SelectolaxError:
        raise QueryError(f"not a CSS selector: {show(selector)}") from None


def _text(seen: Observation) -> str:
    return _whole(seen).text if seen.text is None else seen.text


def _parsed(seen: Observation, parse: Callable[[str], Any]) -> Any:
    return _whole(seen).parsed(parse) if seen.text is None else parse(seen.text)


def _whole(seen: Observation) -> Response:
    """An answer with all of its body; of a part of it nothing can be said that would hold for the rest."""
    response = _response(seen)
    if response.whole is not None:
        kept, whole = format_size(len(response.body)), format_size(response.size)
        raise QueryError(f"only {kept} of {whole} were kept: raise max_body, or check its size or sha256")
    return response


def _response(seen: Observation) -> Response:
    if seen.response is None:
        raise QueryError("the step got no answer to look at")
    return seen.response
