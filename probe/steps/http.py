"""One HTTP request, and the redirects it leads to when it is told to follow them."""

import json as _json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, NewType
from urllib.parse import urlencode, urljoin, urlsplit

from msgspec import Meta, Struct

from probe.errors import StepFailure
from probe.model.observation import Observation, Response
from probe.model.place import Place
from probe.model.result import Cause, Exchange, Failure
from probe.model.template import Text, Texts, Value
from probe.model.timing import add_phases
from probe.steps.base import TIME_LIMIT, ActionError, Options, Performance, script_failure

if TYPE_CHECKING:
    from probe.wire.client import Answer, Client, Request
    from probe.wire.marks import Marks

Follow = NewType("Follow", int)
"""How many redirects to follow; 0 (written `false`) looks at the redirect itself."""


class Json(Struct, frozen=True):
    """A JSON body, which may be null."""

    value: Value


METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
DESCRIPTION = "An HTTP request."
ANSWERS = True

_REDIRECTS = (301, 302, 303, 307, 308)


class Action(Struct, frozen=True):
    get: Annotated[Text | None, Meta(description="GET this URL.")] = None
    post: Annotated[Text | None, Meta(description="POST to this URL.")] = None
    put: Annotated[Text | None, Meta(description="PUT to this URL.")] = None
    patch: Annotated[Text | None, Meta(description="PATCH this URL.")] = None
    delete: Annotated[Text | None, Meta(description="DELETE this URL.")] = None
    head: Annotated[Text | None, Meta(description="HEAD of this URL.")] = None
    options: Annotated[Text | None, Meta(description="OPTIONS of this URL.")] = None
    method: Annotated[Text | None, Meta(description="Any other method, together with url.")] = None
    url: Annotated[Text | None, Meta(description="The URL, together with method.")] = None
    params: Annotated[
        Mapping[str, Texts], Meta(description="Query parameters added to the URL; a list repeats one.")
    ] = {}
    headers: Annotated[Mapping[str, Text], Meta(description="Request headers.")] = {}
    form: Annotated[Mapping[str, Texts] | None, Meta(description="Form fields, sent URL-encoded.")] = None
    json: Annotated[Json | None, Meta(description="A value sent as JSON.")] = None
    body: Annotated[Text | None, Meta(description="A text sent as it is.")] = None
    follow: Annotated[
        Follow, Meta(description="Follow up to this many redirects; false (the default) follows none.")
    ] = Follow(0)

    def __post_init__(self) -> None:
        given = [name for name in METHODS if getattr(self, name) is not None]
        if self.method is not None or self.url is not None:
            given.append("method" if self.method is not None else "url")
            if self.method is None or self.url is None:
                raise ActionError("method and url go together", "or write get: URL, post: URL, …", given[-1])
        if not given:
            raise ActionError("the request has no URL", "write get: URL, post: URL, …")
        if len(given) > 1:
            raise ActionError(
                f"expected one request, got {given[0]} and {given[1]}", "make two steps of them", given[1]
            )
        bodies = [name for name in ("form", "json", "body") if getattr(self, name) is not None]
        if len(bodies) > 1:
            raise ActionError(f"expected one body, got {bodies[0]} and {bodies[1]}", "leave one out", bodies[1])
        _reject_url(self.target[1], given[0])

    @property
    def target(self) -> tuple[str | Text, Text]:
        """The method and the URL."""
        if self.method is not None and self.url is not None:
            return self.method, self.url
        return next((name.upper(), url) for name in METHODS if isinstance(url := getattr(self, name), Text))


def _reject_url(url: Text, key: str) -> None:
    """ActionError when no rendering can make a web address of the text."""
    start = url.parts[0] if url.parts else ""
    if not isinstance(start, str):
        return
    if not start.startswith(("http://", "https://")):
        hint = "a URL starts with http:// or https://; a variable keeps it in one place: ${shop}/cart"
        raise ActionError(f"not a URL a request can go to: {start[:80]}", hint, key)
    if url.literal is not None and (trouble := _trouble(url.literal)):
        raise ActionError(f"not a URL a request can go to: {url.literal[:80]}", trouble, key)


def _trouble(url: str) -> str:
    """Why no request can go to this URL; empty when one can."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            return "it does not start with http:// or https://"
        if not parts.hostname:
            return "it has no host"
        if parts.port == 0 or any(character.isspace() or not character.isprintable() for character in url):
            return "it has a blank, a control character or port 0 in it"
        parts.hostname.encode("idna")
    except ValueError:
        return "its host or port is malformed"  # the library's own reason quotes pieces, of a secret perhaps
    return ""


def time_limit(action: Action) -> int:
    return TIME_LIMIT


@asynccontextmanager
async def open_session(options: Options) -> AsyncIterator["Client"]:
    from probe.wire.client import open_client

    async with open_client(
        options.clock,
        options.user_agent,
        options.tls,
        options.instants,
        now=options.now,
        nameservers=options.nameservers,
    ) as client:
        yield client


async def perform(action: Action, session: "Client", performance: Performance) -> Observation:
    request = _prepare(action, performance)
    redirects = 0
    while True:
        _guard(request, performance, action.target[1].place)
        answer = await _exchange(request, session, performance)
        if _is_challenge(answer):
            message = f"a bot challenge came instead of the page (status {answer.status})"
            hint = "let the probe's User-Agent or address past the guard"
            raise StepFailure(Failure(Cause.BLOCKED, message, action.target[1].place, hint=hint))
        following = _next_hop(request, answer, performance) if action.follow else None
        if following is None:
            return _observe(answer, session, performance, redirects)
        if redirects == action.follow:
            message = f"more than {action.follow} redirects: the next would go to {following.url}"
            raise StepFailure(Failure(Cause.PROTOCOL, message, action.target[1].place, hint="a loop, or raise follow:"))
        request = following
        redirects += 1


def _prepare(action: Action, performance: Performance) -> "Request":
    from probe.wire.client import Request

    method, target = action.target
    url = _with_params(performance.text(target), action.params, performance)
    if trouble := _trouble(url):
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


def _guard(request: "Request", performance: Performance, place: Place) -> None:
    """StepFailure before anything is sent where it must not go."""
    from probe.safety.hosts import is_loopback, leaked_secret

    host = urlsplit(request.url).hostname or ""
    if performance.write_key and not performance.options.writes_allowed and not is_loopback(host):
        message = f"a step with effect: write was not sent to {host}: writes are not allowed there"
        raise script_failure(message, place, "allow them with --allow-writes")
    secret = leaked_secret(request.sent_text, host, performance.options.secret_hosts)
    if secret is not None:
        allowed = ", ".join(performance.options.secret_hosts[secret][1])
        raise script_failure(
            f"the secret {secret} was not sent: it is bound to {allowed}, and this is another host", place
        )


async def _exchange(request: "Request", session: "Client", performance: Performance) -> "Answer":
    """Sends the request; its exchange is recorded whatever happens, a cancelled step included."""
    from probe.wire.marks import Marks

    marks = Marks(performance.options.clock)
    answer, failure = None, None
    try:
        answer = await session.send(request, marks)
        return answer
    except StepFailure as error:
        failure = error.failure
        raise
    finally:
        performance.sent = performance.sent or marks.sent
        performance.waiting_in = marks.ended_in
        performance.exchanges.append(_record(request, marks, answer, failure))


def _record(request: "Request", marks: "Marks", answer: "Answer | None", failure: Failure | None) -> Exchange:
    return Exchange(
        method=request.method,
        url=request.url,
        started_ns=marks.started_ns,
        duration_ns=marks.duration_ns,
        phases=marks.phases(),
        clock=marks.clock,
        uncertain_ns=marks.uncertain_ns,
        held_up_ns=marks.held_up_ns,
        reused=marks.reused,
        remote=marks.remote,
        status=answer.status if answer else None,
        http_version=answer.http_version if answer else "",
        received_bytes=marks.received_bytes,
        rtt_ns=marks.rtt_ns,
        min_rtt_ns=marks.min_rtt_ns,
        retransmits=marks.retransmits,
        failure=failure,
    )


def _next_hop(request: "Request", answer: "Answer", performance: Performance) -> "Request | None":
    """The request a redirect asks for (RFC 9110 §15.4), or None when there is none or it must not be made."""
    location = answer.header("location")
    if answer.status not in _REDIRECTS or location is None:
        return None
    becomes_get = answer.status == 303 or (answer.status in (301, 302) and request.method == "POST")
    if performance.write_key and not becomes_get:
        return None  # the write would be sent a second time
    url, trouble = _destination(request.url, location)
    if trouble:
        message = f"redirected to an address no request can go to: {location[:200]} ({trouble})"
        raise StepFailure(Failure(Cause.PROTOCOL, message))
    return request.redirected(url, again=not becomes_get)


def _destination(url: str, location: str) -> tuple[str, str]:
    """Where a redirect leads, and what is wrong with that."""
    try:
        destination = urljoin(url, location)
    except ValueError as error:
        return "", str(error)
    return destination, _trouble(destination)


def _is_challenge(answer: "Answer") -> bool:
    """Whether a guard before the shop wants to know if a human is there (Cloudflare, AWS WAF)."""
    return answer.header("cf-mitigated") == "challenge" or answer.header("x-amzn-waf-action") in (
        "challenge",
        "captcha",
    )


def _observe(answer: "Answer", session: "Client", performance: Performance, redirects: int) -> Observation:
    exchanges = performance.exchanges
    started, ended = exchanges[0].started_ns, exchanges[-1].started_ns + exchanges[-1].duration_ns
    response = Response(
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        charset=answer.charset,
        redirects=redirects,
        cookies=session.cookies(answer.url),
    )
    return Observation(started, ended, add_phases((e.phases for e in exchanges), ended - started), response)
