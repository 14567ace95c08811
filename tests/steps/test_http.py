import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from json import loads
from random import Random
from time import perf_counter_ns
from typing import Any

import pytest
from msgspec.structs import replace

from probe.demo.shop import Faults, Shop
from probe.errors import StepFailure
from probe.evaluate.scope import Scope
from probe.evaluate.template import parse_text
from probe.model.observation import Observation
from probe.model.place import Place
from probe.model.result import Cause, Failure
from probe.model.template import Text
from probe.model.timing import Clock, Phase
from probe.steps import http
from probe.steps.base import ActionError, Options, Performance
from probe.steps.http import Action, Follow, Json
from probe.wire.client import Client
from tests.wire.names import name_server

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]

PLACE = Place("journey.yaml", 3, 5, 9, "text")
OPTIONS = Options(clock=perf_counter_ns, user_agent="probe/test")
REDIRECTS = (301, 302, 303, 307, 308)


def text(text: str) -> Text:
    return parse_text(text, PLACE)


def attempt(options: Options = OPTIONS, write_key: str = "") -> Performance:
    return Performance(Scope({}, lambda: datetime.now(UTC), Random(0)), options, write_key)


@pytest.fixture
async def session() -> AsyncIterator[Client]:
    async with http.open_session(OPTIONS) as session:
        yield session


async def failure(action: Action, session: Client, performance: Performance) -> Failure:
    with pytest.raises(StepFailure) as raised:
        await http.perform(action, session, performance)
    return raised.value.failure


async def echoed(action: Action, session: Client, write_key: str = "") -> dict[str, Any]:
    """What the shop says it was sent; headers in lower case."""
    seen = await http.perform(action, session, attempt(write_key=write_key))
    assert seen.response
    answer: dict[str, Any] = loads(seen.response.text)
    return {**answer, "headers": {name.lower(): value for name, value in answer["headers"]}}


class Redirecting:
    """A server that redirects whatever comes to /from, and remembers what it was asked."""

    def __init__(self, status: int, location: str = "/to") -> None:
        self.status = status
        self.location = location
        self.asked: list[tuple[str, str, bytes]] = []
        self.heads: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
            method, path, _ = head.decode().split(" ", 2)
            self.asked.append((method, path, await reader.readexactly(length)))
            self.heads.append(head)
            away = f"HTTP/1.1 {self.status} Away\r\nLocation: {self.location}\r\nContent-Length: 0\r\n\r\n".encode()
            writer.write(away if path == "/from" else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("method", http.METHODS)
async def test_every_method_is_sent(shop: Shop, session: Client, method: str) -> None:
    performance = attempt()
    keys: dict[str, Any] = {method: text(f"{shop.url}/echo")}
    seen = await http.perform(Action(**keys), session, performance)
    assert seen.response
    assert (seen.response.status, performance.exchanges[0].method) == (200, method.upper())


async def test_any_other_method_is_sent_in_capitals(shop: Shop, session: Client) -> None:
    sent = await echoed(Action(method=text("propfind"), url=text(f"{shop.url}/echo")), session)
    assert sent["method"] == "PROPFIND"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", [["a", "1 &"], ["b", "x"], ["b", "y"]]), ("?c=0", [["c", "0"], ["a", "1 &"], ["b", "x"], ["b", "y"]])],
)
async def test_parameters_are_added_to_the_url(
    shop: Shop, session: Client, query: str, expected: list[list[str]]
) -> None:
    params = {"a": (text("1 &"),), "b": (text("x"), text("y"))}
    sent = await echoed(Action(get=text(f"{shop.url}/echo{query}#top"), params=params), session)
    assert sent["query"] == expected


async def test_headers_are_sent_beside_our_own(shop: Shop, session: Client) -> None:
    sent = await echoed(Action(get=text(f"{shop.url}/echo"), headers={"X-Trace": text("1")}), session)
    assert (sent["headers"]["x-trace"], sent["headers"]["user-agent"]) == ("1", "probe/test")


BODIES = {
    "form": ({"form": {"a": (text("ü"), text("2"))}}, "a=%C3%BC&a=2", "application/x-www-form-urlencoded"),
    "json": ({"json": Json({"a": (1, text("ü"))})}, '{"a": [1, "ü"]}', "application/json"),
    "null": ({"json": Json(None)}, "null", "application/json"),
    "body": ({"body": text("ü")}, "ü", "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("given", "body", "content_type"), BODIES.values(), ids=list(BODIES))
async def test_a_body_is_sent_with_its_type(
    shop: Shop, session: Client, given: dict[str, Any], body: str, content_type: str
) -> None:
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), **given), session)
    assert (sent["body"], sent["headers"]["content-type"]) == (body, content_type)


async def test_a_content_type_of_ones_own_is_kept(shop: Shop, session: Client) -> None:
    headers = {"content-type": text("application/xml")}
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), body=text("<a/>"), headers=headers), session)
    assert sent["headers"]["content-type"] == "application/xml"


@pytest.mark.parametrize(("headers", "key"), [({}, "k1"), ({"idempotency-KEY": text("mine")}, "mine")])
async def test_a_write_carries_its_key(shop: Shop, session: Client, headers: dict[str, Text], key: str) -> None:
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), headers=headers), session, write_key="k1")
    assert sent["headers"]["idempotency-key"] == key


async def test_a_write_takes_a_connection_of_its_own(shop: Shop, session: Client) -> None:
    action, reused = Action(post=text(f"{shop.url}/echo")), []
    for key in ("", "", "key", "key", ""):
        performance = attempt(write_key=key)
        await http.perform(action, session, performance)
        reused.append(performance.exchanges[0].reused)
    assert reused == [False, True, False, False, True]


@pytest.mark.parametrize("clock", list(Clock))
async def test_an_exchange_says_whose_clock_it_was_and_what_the_kernel_knows(shop: Shop, clock: Clock) -> None:
    performance = attempt()
    async with http.open_session(replace(OPTIONS, instants=clock)) as session:
        await http.perform(Action(get=text(shop.url)), session, performance)
    (exchange,) = performance.exchanges
    known = [exchange.rtt_ns is not None, exchange.min_rtt_ns is not None, exchange.retransmits is not None]
    assert (exchange.clock, known, exchange.held_up_ns) == (clock, [clock is Clock.KERNEL] * 3, 0)


async def test_each_hop_of_a_redirect_is_an_exchange_of_its_own(shop: Shop, session: Client) -> None:
    shop.faults = Faults(header_delay=0.3, path="/redirect/1")
    performance = attempt()
    action = Action(get=text(f"{shop.url}/redirect/2"), follow=Follow(2))
    seen = await http.perform(action, session, performance)
    hops = performance.exchanges
    assert [(hop.url.removeprefix(shop.url), hop.status, hop.reused) for hop in hops] == [
        ("/redirect/2", 302, False),
        ("/redirect/1", 302, True),
        ("/", 200, True),
    ]
    assert [hop.phases[Phase.PROCESSING] >= 0.27e9 for hop in hops] == [False, True, False]
    assert_adds_up(seen, performance)


def assert_adds_up(seen: Observation, performance: Performance) -> None:
    assert sum(seen.phases.values()) == seen.duration_ns
    assert min(seen.phases.values()) >= 0
    for exchange in performance.exchanges:
        assert sum(exchange.phases.values()) == exchange.duration_ns
        assert min(exchange.phases.values()) >= 0


@pytest.mark.parametrize(
    ("knob", "slow", "tls"),
    [
        ("header_delay", Phase.PROCESSING, False),
        ("header_delay", Phase.PROCESSING, True),
        ("chunk_delay", Phase.TRANSFER, False),
        ("chunk_delay", Phase.TRANSFER, True),
        ("tls_delay", Phase.TLS, True),
    ],
)
async def test_each_delay_of_the_shop_is_in_its_own_phase_and_in_no_other(knob: str, slow: Phase, tls: bool) -> None:
    delay = 0.4
    async with Shop(tls=tls, faults=Faults.from_json({knob: delay, "chunks": 2})) as shop:
        trust = ssl.create_default_context(cadata=shop.ca_pem.decode()) if shop.ca_pem else None
        performance = attempt(replace(OPTIONS, tls=trust))
        async with http.open_session(performance.options) as session:
            seen = await http.perform(Action(get=text(f"{shop.https_url or shop.url}/bytes/9")), session, performance)
    assert seen.phases[slow] >= 0.9e9 * delay
    assert {phase for phase, took in seen.phases.items() if took >= 0.5e9 * delay} == {slow}
    assert_adds_up(seen, performance)


async def test_a_redirect_that_is_not_to_be_followed_is_the_answer(shop: Shop, session: Client) -> None:
    seen = await http.perform(Action(get=text(f"{shop.url}/redirect/1")), session, attempt())
    assert seen.response
    assert (seen.response.status, seen.response.redirects, seen.response.url) == (302, 0, f"{shop.url}/redirect/1")


async def test_the_answer_after_redirects_says_where_it_came_from(shop: Shop, session: Client) -> None:
    action = Action(get=text(f"{shop.url}/redirect/3"), follow=Follow(3))
    seen = await http.perform(action, session, attempt())
    assert seen.response
    assert (seen.response.status, seen.response.redirects, seen.response.url) == (200, 3, f"{shop.url}/")
    assert set(seen.response.cookies) == {"session"}


async def test_one_redirect_too_many_is_the_targets_failure(shop: Shop, session: Client) -> None:
    performance = attempt()
    found = await failure(Action(get=text(f"{shop.url}/redirect/3"), follow=Follow(2)), session, performance)
    message = f"more than 2 redirects: the next would go to {shop.url}/"
    assert found == Failure(Cause.PROTOCOL, message, PLACE, hint="a loop, or raise follow:")
    assert len(performance.exchanges) == 3


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
async def test_a_redirect_changes_the_method_as_the_rfc_says(
    serve: Serve, session: Client, status: int, method: str
) -> None:
    target = Redirecting(status)
    url = text(f"{await serve(target.talk)}/from")
    await http.perform(Action(method=text(method), url=url, body=text("x"), follow=Follow(1)), session, attempt())
    changes = status == 303 or (status in (301, 302) and method == "POST")
    read = "HEAD" if method == "HEAD" else "GET"
    assert target.asked == [(method, "/from", b"x"), (read, "/to", b"") if changes else (method, "/to", b"x")]


@pytest.mark.parametrize("status", REDIRECTS)
async def test_a_write_is_never_sent_again_to_where_it_was_redirected(
    serve: Serve, session: Client, status: int
) -> None:
    target = Redirecting(status)
    action = Action(post=text(f"{await serve(target.talk)}/from"), body=text("x"), follow=Follow(5))
    seen = await http.perform(action, session, attempt(write_key="key"))
    assert seen.response
    follows = status in (301, 302, 303)
    assert target.asked[1:] == ([("GET", "/to", b"")] if follows else [])
    assert seen.response.status == (200 if follows else status)


@pytest.mark.parametrize("write_key", ["", "key"])
async def test_credentials_stay_with_their_origin(serve: Serve, session: Client, write_key: str) -> None:
    other = Redirecting(302)
    target = Redirecting(302, f"{await serve(other.talk)}/to")
    headers = {"Authorization": text("Bearer t"), "Cookie": text("a=1"), "X-Kept": text("1")}
    action = Action(post=text(f"{await serve(target.talk)}/from"), headers=headers, follow=Follow(1))
    await http.perform(action, session, attempt(write_key=write_key))
    told = [[name in head for name in (b"Bearer t", b"a=1", b"X-Kept")] for head in (*target.heads, *other.heads)]
    assert told == [[True, True, True], [False, False, True]]


@pytest.mark.parametrize("location", ["ftp://shop/", "http://a..b/", "http://[x/", "http://shop:99999/"])
async def test_a_redirect_to_nowhere_is_the_targets_failure(serve: Serve, session: Client, location: str) -> None:
    target = Redirecting(302, location)
    found = await failure(Action(get=text(f"{await serve(target.talk)}/from"), follow=Follow(1)), session, attempt())
    assert found.cause is Cause.PROTOCOL
    assert found.message.startswith(f"redirected to an address no request can go to: {location} (")


async def test_a_bot_challenge_is_not_a_broken_shop(shop: Shop, session: Client) -> None:
    shop.faults = Faults(challenge=True)
    found = await failure(Action(get=text(shop.url)), session, attempt())
    message = "a bot challenge came instead of the page (status 403)"
    hint = "let the probe's User-Agent or address past the guard"
    assert found == Failure(Cause.BLOCKED, message, PLACE, hint=hint)


@pytest.mark.parametrize("url", ["http://shop.invalid/pay", "http://10.0.0.1/", "http://127.0.0.1.invalid/"])
async def test_a_write_beyond_this_machine_is_refused_before_anything_happens(session: Client, url: str) -> None:
    performance = attempt(write_key="key")
    found = await failure(Action(post=text(url)), session, performance)
    host = url.split("/")[2]
    message = f"a step with effect: write was not sent to {host}: writes are not allowed there"
    assert found == Failure(Cause.SCRIPT, message, PLACE, hint="allow them with --allow-writes")
    assert (performance.exchanges, performance.sent) == ([], False)


async def test_a_write_may_leave_this_machine_when_that_is_allowed(session: Client) -> None:
    performance = attempt(replace(OPTIONS, writes_allowed=True), write_key="key")
    found = await failure(Action(post=text("http://shop.invalid/pay")), session, performance)
    assert (found.cause, performance.sent, len(performance.exchanges)) == (Cause.RESOLVE, False, 1)


BOUND = replace(OPTIONS, secret_hosts={"card": ("4242424242424242", ("shop.invalid",))})
CARD = "4242424242424242"
LEAKS: dict[str, dict[str, Any]] = {
    "url": {"params": {"card": (text(CARD),)}},
    "header": {"headers": {"X-Card": text(CARD)}},
    "json": {"json": Json({"card": text(CARD)})},
    "base64": {"body": text("NDI0MjQyNDI0MjQyNDI0Mg==")},
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=list(LEAKS))
async def test_a_secret_does_not_go_to_another_host(shop: Shop, session: Client, leak: dict[str, Any]) -> None:
    performance = attempt(BOUND)
    found = await failure(Action(post=text(f"{shop.url}/echo"), **leak), session, performance)
    message = "the secret card was not sent: it is bound to shop.invalid, and this is another host"
    assert (found, performance.exchanges, shop.state["requests"]) == (Failure(Cause.SCRIPT, message, PLACE), [], 0)


async def test_a_redirect_does_not_carry_a_secret_to_another_host(serve: Serve, session: Client) -> None:
    target = Redirecting(307, "http://shop.invalid/to")
    bound = replace(OPTIONS, secret_hosts={"card": (CARD, ("127.0.0.1",))})
    performance = attempt(bound)
    action = Action(post=text(f"{await serve(target.talk)}/from"), body=text(CARD), follow=Follow(1))
    found = await failure(action, session, performance)
    message = "the secret card was not sent: it is bound to 127.0.0.1, and this is another host"
    assert (found, len(performance.exchanges)) == (Failure(Cause.SCRIPT, message, PLACE), 1)


@pytest.mark.parametrize("delay", ["header_delay", "chunk_delay"])
async def test_a_cut_step_leaves_its_exchange_and_says_where_it_was(shop: Shop, session: Client, delay: str) -> None:
    shop.faults = Faults.from_json({delay: 30})
    performance = attempt()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await http.perform(Action(get=text(f"{shop.url}/bytes/9")), session, performance)
    expected = {"header_delay": Phase.PROCESSING, "chunk_delay": Phase.TRANSFER}[delay]
    exchange = performance.exchanges[0]
    assert (performance.waiting_in, performance.sent, exchange.status) == (expected, True, None)
    assert max(exchange.phases, key=exchange.phases.__getitem__) is expected
    assert sum(exchange.phases.values()) == exchange.duration_ns


async def test_a_connection_that_is_never_made_sends_nothing(session: Client) -> None:
    performance = attempt(write_key="key")
    found = await failure(Action(post=text("http://127.0.0.1:1/")), session, performance)
    assert (found.cause, performance.sent, performance.waiting_in) == (Cause.CONNECT, False, Phase.CONNECT)
    assert performance.exchanges[0].failure == found


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("shop/cart", "it does not start with http:// or https://"),
        ("http:///cart", "it has no host"),
        ("http://shop:0/", "it has a blank, a control character or port 0 in it"),
        ("http://shop/a b", "it has a blank, a control character or port 0 in it"),
        ("http://shop/\r\nX: 1", "it has a blank, a control character or port 0 in it"),
        (f"http://{'x' * 64}/", "it has no host"),
    ],
)
async def test_a_url_that_is_none_is_not_asked_for(session: Client, url: str, why: str) -> None:
    performance = attempt()
    performance.scope.set("url", url)
    found = await failure(Action(get=text("${url}")), session, performance)
    assert (found.cause, found.place, performance.exchanges) == (Cause.SCRIPT, PLACE, [])
    assert found.message.startswith(f"not a URL a request can go to: {url} (")
    assert why in found.message or "x" * 64 in url


@pytest.mark.parametrize(("name", "value"), [("X-A", "1\r\nX-B: 2"), ("X-A", "\0"), ("X A", "1"), ("X-Ä", "1")])
async def test_a_header_cannot_smuggle_another(session: Client, name: str, value: str) -> None:
    action = Action(get=text("http://127.0.0.1:1/"), headers={name: text(value)})
    found = await failure(action, session, attempt())
    assert found == Failure(Cause.SCRIPT, f"the header {name!r} has a character in it that no header can have", PLACE)


@pytest.mark.parametrize("method", ["", "GET /\r\n", "G T", "GÉT"])
async def test_a_method_that_is_none_is_not_sent(session: Client, method: str) -> None:
    performance = attempt()
    performance.scope.set("method", method)
    found = await failure(Action(method=text("${method}"), url=text("http://127.0.0.1:1/")), session, performance)
    assert (found.cause, performance.exchanges) == (Cause.SCRIPT, [])


async def test_credentials_given_twice_blame_the_journey(shop: Shop, session: Client) -> None:
    url = text(shop.url.replace("http://", "http://user:pass@"))
    found = await failure(Action(get=url, headers={"Authorization": text("Bearer t")}), session, attempt())
    assert found.cause is Cause.SCRIPT


URL = text("http://shop/")
CONTRADICTIONS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "nothing": ({}, "the request has no URL", None),
    "two": ({"get": URL, "post": URL}, "expected one request, got get and post", "post"),
    "no url": ({"method": text("LOCK")}, "method and url go together", "method"),
    "no method": ({"url": URL}, "method and url go together", "url"),
    "three": ({"get": URL, "method": URL, "url": URL}, "expected one request, got get and method", "method"),
    "bodies": ({"post": URL, "form": {}, "json": Json(1)}, "expected one body, got form and json", "json"),
    "path": ({"get": text("/cart")}, "not a URL a request can go to: /cart", "get"),
    "label": ({"get": text("http://a..b/")}, "not a URL a request can go to: http://a..b/", "get"),
}


@pytest.mark.parametrize(("keys", "message", "key"), CONTRADICTIONS.values(), ids=list(CONTRADICTIONS))
def test_keys_that_contradict_each_other_are_refused(keys: dict[str, Any], message: str, key: str | None) -> None:
    with pytest.raises(ActionError) as raised:
        Action(**keys)
    assert (str(raised.value), raised.value.key) == (message, key)


def test_a_request_has_half_a_minute() -> None:
    assert http.time_limit(Action(get=URL)) == 30 * 10**9


async def test_every_hop_of_a_redirect_sets_and_gets_the_cookies_of_its_own_host(serve: Serve) -> None:
    sent: list[tuple[str, str]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            head = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            host, path = head["host"].partition(":")[0], lines[0].split()[1]
            sent.append((host + path, head.get("cookie", "")))
            to = {"/": "/two", "/two": f"http://api.shop.test:{port}/three", "/three": f"http://shop.test:{port}/end"}
            answer = f"HTTP/1.1 302 Found\r\nLocation: {to[path]}\r\n" if path in to else "HTTP/1.1 200 OK\r\n"
            domain = "; Domain=shop.test" if path == "/two" else ""
            cookie = f"Set-Cookie: {path.strip('/') or 'one'}=1; Path=/{domain}\r\n"
            writer.write(f"{answer}{cookie}Content-Length: 0\r\n\r\n".encode())

    port = (await serve(talk)).rpartition(":")[2]
    with name_server({"shop.test": ("127.0.0.1",), "api.shop.test": ("127.0.0.1",)}) as names:
        options = replace(OPTIONS, nameservers=(names.address,))
        async with http.open_session(options) as session:
            action = Action(get=text(f"http://shop.test:{port}/"), follow=Follow(5))
            seen = await http.perform(action, session, attempt(options))
    expected = [("shop.test/", ""), ("shop.test/two", "one=1"), ("api.shop.test/three", "two=1")]
    assert sent == [*expected, ("shop.test/end", "one=1; two=1")]
    assert seen.response
    assert dict(seen.response.cookies) == {"one": "1", "two": "1", "end": "1"}
