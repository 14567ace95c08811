import asyncio
import ssl
from hashlib import sha256
from json import loads

import pytest
from msgspec.structs import replace

from probe.demo.shop import Faults, Shop
from probe.errors import StepFailure
from probe.model.observation import Observation, Whole
from probe.model.result import Cause, Failure
from probe.model.size import Size
from probe.model.timing import Clock, Phase
from probe.steps import http
from probe.steps.base import Performance
from probe.steps.http_action import Action, Follow
from probe.steps.http_graphql import Graphql
from probe.wire.client import Client
from tests.steps.asking import OPTIONS, PLACE, Serve, attempt, failure, text
from tests.wire.names import name_server
from tests.wire.recording import Recording


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


async def test_a_bot_challenge_is_not_a_broken_shop(shop: Shop, session: Client) -> None:
    shop.faults = Faults(challenge=True)
    found = await failure(Action(get=text(shop.url)), session, attempt())
    message = "a bot challenge came instead of the page (status 403): Cloudflare"
    hint = "let the probe's User-Agent or address past the guard"
    assert found == Failure(Cause.BLOCKED, message, PLACE, hint=hint)


@pytest.mark.parametrize("delay", ["header_delay", "chunk_delay"])
async def test_a_cut_step_leaves_its_exchange_and_says_where_it_was(shop: Shop, session: Client, delay: str) -> None:
    shop.faults = Faults.from_json({delay: 30})
    performance = attempt()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await http.perform(Action(get=text(f"{shop.url}/bytes/9")), session, performance)
    expected, status = {"header_delay": (Phase.PROCESSING, None), "chunk_delay": (Phase.TRANSFER, 200)}[delay]
    exchange = performance.exchanges[0]
    assert (performance.waiting_in, performance.sent, exchange.status) == (expected, True, status)
    assert max(exchange.phases, key=exchange.phases.__getitem__) is expected
    assert sum(exchange.phases.values()) == exchange.duration_ns


async def test_a_connection_that_is_never_made_sends_nothing(session: Client) -> None:
    performance = attempt(write_key="key")
    found = await failure(Action(post=text("http://127.0.0.1:1/")), session, performance)
    assert (found.cause, performance.sent, performance.waiting_in) == (Cause.CONNECT, False, Phase.CONNECT)
    assert performance.exchanges[0].failure == found


async def test_credentials_given_twice_blame_the_journey(shop: Shop, session: Client) -> None:
    url = text(shop.url.replace("http://", "http://user:pass@"))
    found = await failure(Action(get=url, headers={"Authorization": (text("Bearer t"),)}), session, attempt())
    assert found.cause is Cause.SCRIPT


def test_a_request_has_half_a_minute() -> None:
    assert http.time_limit(Action(get=text("http://shop/"))) == 30 * 10**9


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


async def test_of_a_body_beyond_max_body_the_beginning_is_seen_and_a_note_says_so(shop: Shop, session: Client) -> None:
    performance = attempt()
    action = Action(get=text(f"{shop.url}/bytes/3000"), max_body=Size(1024))
    seen = await http.perform(action, session, performance)
    body = (bytes(range(256)) * 12)[:3000]
    digest = sha256(body).hexdigest()
    assert seen.response
    assert (seen.response.body, seen.response.whole) == (body[:1024], Whole(3000, digest))
    assert performance.exchanges[0].notes == (
        f"the body was cut at max_body, 1.0 KiB of 2.9 KiB; its SHA-256 is {digest}",
    )


@pytest.mark.parametrize("failing", ["endless", "broken"])
async def test_what_came_of_an_answer_is_kept_when_it_does_not_come_whole(
    serve: Serve, session: Client, failing: str
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 206 Part\r\nContent-Type: text/plain; charset=latin1\r\nContent-Length: 9\r\n\r\nh\xe4lf"
        )
        if failing == "endless":
            await reader.read()

    performance = attempt()
    with pytest.raises((TimeoutError, StepFailure)):
        async with asyncio.timeout(1):
            await http.perform(Action(get=text(await serve(talk))), session, performance)
    assert (performance.came, performance.exchanges[0].status) == ("hälf", 206)


async def test_errors_of_graphql_fail_the_step_and_leave_its_answer_to_the_checks(
    serve: Serve, session: Client
) -> None:
    body = b'{"data": null, "errors": [{"message": "No such product", "path": ["product"]}]}'
    server = Recording(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    query = text("query Q($sku: ID) { product(sku: $sku) { name } }")
    action = Action(post=text(await serve(server.talk)), graphql=Graphql(query, {"sku": text("A")}, text("Q")))
    seen = await http.perform(action, session, attempt())
    assert seen.response
    assert seen.failure
    assert (seen.failure.cause, seen.failure.message) == (Cause.CHECK, "graphql: No such product, at product")
    assert loads(server.bodies[0]) == {"query": query.literal, "variables": {"sku": "A"}, "operationName": "Q"}
