"""From the keys of a step to what goes over the wire, and whether it may go there."""

import json as _json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.place import Place
from probe.model.result import Cause, Failure
from probe.model.template import Text, Texts
from probe.steps.base import Performance, script_failure
from probe.steps.http_action import Action
from probe.steps.url import destination_of, trouble_of

if TYPE_CHECKING:
    from probe.wire.client import Answer, Request
    from probe.wire.route import Route

_REDIRECTS = (301, 302, 303, 307, 308)


def prepare(action: Action, performance: Performance) -> "Request":
    from probe.wire.client import Request

    method, target = action.target
    url = _with_params(performance.text(target), action.params, performance)
    if trouble := trouble_of(url):
        raise script_failure(f"not a URL a request can go to: {url[:200]} ({trouble})", target.place)
    headers = {name: _header(name, text, performance) for name, text in action.headers.items()}
    body, content_type = _body(action, performance)
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    if performance.write_key and not any(name.lower() == "idempotency-key" for name in headers):
        headers["Idempotency-Key"] = performance.write_key
    verb = method if isinstance(method, str) else performance.text(method)
    if not verb.isascii() or not verb.replace("-", "").replace("_", "").isalnum():
        raise script_failure(f"not an HTTP method: {verb[:80]}", target.place, "for example PURGE")
    return Request(verb.upper(), url, headers, body, fresh=bool(performance.write_key))


def _with_params(url: str, params: Mapping[str, Texts], performance: Performance) -> str:
    pairs = [(name, performance.text(text)) for name, texts in params.items() for text in texts]
    if not pairs:
        return url
    address, hash_mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}{hash_mark}{fragment}"


def _header(name: str, text: Text, performance: Performance) -> str:
    value = performance.text(text)
    if not name.isascii() or not value.isprintable() or not name.replace("-", "").replace("_", "").isalnum():
        raise script_failure(f"the header {name!r} has a character in it that no header can have", text.place)
    return value


def _body(action: Action, performance: Performance) -> tuple[bytes | None, str]:
    if action.form is not None:
        pairs = [(name, performance.text(text)) for name, texts in action.form.items() for text in texts]
        return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
    if action.json is not None:
        return _json.dumps(performance.value(action.json.value), ensure_ascii=False).encode(), "application/json"
    if action.body is not None:
        return performance.text(action.body).encode(), "text/plain; charset=utf-8"
    return None, ""


def guard(request: "Request", performance: Performance, place: Place, route: "Route") -> None:
    """StepFailure before anything is sent where it must not go."""
    if performance.write_key and (host := _beyond_this_machine(request.url, route)):
        if not performance.options.writes_allowed:
            message = f"a step with effect: write was not sent to {host}: writes are not allowed there"
            raise script_failure(message, place, "allow them with --allow-writes")
        if not performance.options.journalled:
            message = (
                f"a step with effect: write was not sent to {host}: there is no journal of effects to enter it into"
            )
            raise script_failure(message, place, "give it a state folder")
    refuse_leak(request.sent_text, request.url, performance, place)


def _beyond_this_machine(url: str, route: "Route") -> str:
    """The first host on the way that is another machine; empty when there is none."""
    from probe.safety.hosts import is_loopback

    parts = urlsplit(url)
    hosts = route.hosts_on_the_way(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    return next((host for host in hosts if not is_loopback(host)), "")


def refuse_leak(text: str, url: str, performance: Performance, place: Place) -> None:
    """StepFailure when a secret is in a text on its way to a host it is not bound to."""
    from probe.safety.hosts import leaked_secret

    bound = performance.options.secret_hosts
    secret = leaked_secret(text, urlsplit(url).hostname or "", bound)
    if secret is not None:
        allowed = ", ".join(bound[secret][1])
        raise script_failure(
            f"the secret {secret} was not sent: it is bound to {allowed}, and this is another host", place
        )


def marked(request: "Request", performance: Performance) -> "Request":
    """The request with what the shop knows a probe by; a header the journey wrote itself stays."""
    options = performance.options
    if options.marker is None:
        return request
    marks = options.marker.headers(request.method, request.url, options.now())
    own = {name.lower() for name in request.headers}
    new = {name: value for name, value in marks.items() if name.lower() not in own}
    return replace(request, headers={**request.headers, **new}) if new else request


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
