"""From the keys of a step to what goes over the wire."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.template import Text, Texts
from probe.steps.base import Performance, script_failure
from probe.steps.http_action import Action
from probe.steps.http_body import encode_body
from probe.steps.url import destination_of, trouble_of

if TYPE_CHECKING:
    from probe.wire.body import Body
    from probe.wire.client import Answer
    from probe.wire.request import Headers, Request

_REDIRECTS = (301, 302, 303, 307, 308)
_TOKEN = re.compile(r"[0-9A-Za-z!#$%&'*+.^_`|~-]+")
"""What methods and names of headers are made of (RFC 9110 §5.6.2)."""


def prepare(action: Action, performance: Performance) -> "Request":
    from probe.wire.request import Request

    method, target = action.target
    url = _with_params(performance.text(target), action.params, performance)
    if trouble := trouble_of(url):
        raise script_failure(f"not a URL a request can go to: {url[:200]} ({trouble})", target.place)
    headers, body = _headers_and_body(action, performance)
    verb = method if isinstance(method, str) else performance.text(method)
    if not _TOKEN.fullmatch(verb):
        raise script_failure(f"not an HTTP method: {verb[:80]}", target.place, "for example PURGE")
    fresh = bool(performance.write_key)
    return Request(verb.upper(), url, headers, body, fresh=fresh, exact=action.headers_exact)


def _headers_and_body(action: Action, performance: Performance) -> "tuple[Headers, Body | None]":
    """Those that are written, and unless they are all that is wanted, those that go with the body and with a write."""
    from probe.wire.body import Body
    from probe.wire.request import has_header

    pairs = ((name, text) for name, texts in action.headers.items() for text in texts)
    headers = tuple((name, _header(name, text, performance)) for name, text in pairs)
    written = {name.lower(): value for name, value in headers}
    pieces, implied = encode_body(action, performance, written.get("content-type"))
    if performance.write_key:
        implied = (*implied, ("Idempotency-Key", performance.write_key))
    chunked = action.chunked or "chunked" in written.get("transfer-encoding", "").lower()
    if not action.headers_exact:
        headers = tuple(each for each in headers if not (chunked and each[0].lower() == "transfer-encoding"))
        headers = (*headers, *(each for each in implied if not has_header(headers, each[0].lower())))
    return headers, None if pieces is None else Body(pieces, chunked)


def _with_params(url: str, params: Mapping[str, Texts], performance: Performance) -> str:
    pairs = [(name, performance.text(text)) for name, texts in params.items() for text in texts]
    if not pairs:
        return url
    address, hash_mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}{hash_mark}{fragment}"


def _header(name: str, text: Text, performance: Performance) -> str:
    value = performance.text(text)
    if not value.isprintable() or not _TOKEN.fullmatch(name):
        raise script_failure(f"the header {name!r} has a character in it that no header can have", text.place)
    return value


def marked(request: "Request", performance: Performance) -> "Request":
    """The request with what the shop knows a probe by; a header the journey wrote itself stays, exact ones are all."""
    from probe.wire.request import has_header

    options = performance.options
    if options.marker is None or request.exact:
        return request
    marks = options.marker.headers(request.method, request.url, options.now())
    new = tuple(each for each in marks.items() if not has_header(request.headers, each[0].lower()))
    return replace(request, headers=(*request.headers, *new)) if new else request


def next_hop(request: "Request", answer: "Answer", performance: Performance) -> "Request | None":
    """The request a redirect asks for (RFC 9110 §15.4), or None when there is none or it must not be made."""
    location = answer.header("location")
    if answer.status not in _REDIRECTS or location is None:
        return None
    becomes_get = answer.status == 303 or (answer.status in (301, 302) and request.method == "POST")
    if performance.write_key and not becomes_get:
        return None  # the write would be sent a second time
    url, trouble = destination_of(request.url, location)
    if trouble:
        message = f"redirected to an address no request can go to: {location[:200]} ({trouble})"
        raise StepFailure(Failure(Cause.PROTOCOL, message))
    return request.redirected(url, again=not becomes_get)
