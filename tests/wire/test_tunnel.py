"""Requests through a proxy, over the whole client."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

import pytest

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock, Phase
from probe.wire.client import Client, open_client
from probe.wire.marks import Marks
from probe.wire.request import Request
from probe.wire.route import Proxy, Route
from probe.wire.stamps import kernel_stamps
from probe.wire.transport import StampedTransport
from probe.wire.tunnel import LONGEST_ANSWER
from tests.wire.dialling import sockets, until_sockets
from tests.wire.proxying import Tunnels, tunnels

Serve = Callable[..., Awaitable[str]]
DELAY_S = 0.4
HINT = "many proxies let CONNECT through to port 443 only"


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def get(url: str) -> Request:
    return Request("GET", url)


async def ask(client: Client, url: str, route: Route) -> tuple[bytes, Marks]:
    marks = Marks(perf_counter_ns)
    answer = await client.send(get(url), marks, route=route)
    return answer.body, marks


async def refused(client: Client, url: str, route: Route) -> tuple[Failure, Marks]:
    marks = Marks(perf_counter_ns)
    with pytest.raises(StepFailure) as raised:
        await client.send(get(url), marks, route=route)
    return raised.value.failure, marks


@pytest.mark.parametrize("instants", list(Clock))
@pytest.mark.parametrize("tls", [False, True])
async def test_http_and_https_go_through_the_same_tunnel(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext, instants: Clock, tls: bool
) -> None:
    url = await serve(hello, identity if tls else None)
    async with tunnels() as proxy, open_client(perf_counter_ns, "test", trust, instants) as client:
        route = Route(proxy=proxy.proxy())
        seen = [await ask(client, url, route) for _ in range(2)]
    assert [body for body, _ in seen] == [b"hello"] * 2
    assert proxy.asked == [url.partition("://")[2]]
    (_, first), (_, second) = seen
    assert (first.reused, second.reused, first.clock, second.clock) == (False, True, instants, instants)
    assert (first.remote, 0 < first.tunnel_ns < first.phases()[Phase.CONNECT]) == (proxy.name, True)
    assert (second.tunnel_ns, Phase.CONNECT in second.phases()) == (0, False)
    for marks in (first, second):
        assert sum(marks.phases().values()) == marks.duration_ns
        assert min(marks.phases().values()) >= 0


@pytest.mark.parametrize("tls", [False, True])
async def test_what_the_proxy_said_is_not_taken_for_unread_bytes_of_the_target(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext, tls: bool
) -> None:
    url = await serve(hello, identity if tls else None)
    async with tunnels() as proxy, open_client(perf_counter_ns, "test", trust) as client:
        route = Route(proxy=proxy.proxy())
        await ask(client, url, route)
        connector = client._pools.session(route).connector
        assert connector
        ((handler, _),) = next(iter(connector._conns.values()))
        assert isinstance(handler.transport, StampedTransport)
        info = handler.transport.tcp_info()
    assert info
    assert info.unread == 0


@pytest.mark.parametrize("instants", list(Clock))
async def test_a_slow_proxy_is_connecting_and_nothing_else(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext, instants: Clock
) -> None:
    url = await serve(hello, identity)
    async with tunnels(think_s=DELAY_S) as proxy, open_client(perf_counter_ns, "test", trust, instants) as client:
        _, marks = await ask(client, url, Route(proxy=proxy.proxy()))
    phases = marks.phases()
    assert marks.tunnel_ns >= 0.9e9 * DELAY_S
    assert {phase for phase, took in phases.items() if took >= 0.5e9 * DELAY_S} == {Phase.CONNECT}
    assert sum(phases.values()) == marks.duration_ns


async def test_credentials_go_to_the_proxy_and_never_to_the_target(serve: Serve) -> None:
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    url = await serve(talk)
    async with tunnels(login="me:s3cret:ü") as proxy, open_client(perf_counter_ns, "test") as client:
        body, _ = await ask(client, url, Route(proxy=proxy.proxy("me", "s3cret:ü")))
    coded = base64.b64encode("me:s3cret:ü".encode())
    where = url.removeprefix("http://").encode()
    asked = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\nProxy-Authorization: Basic %b\r\n\r\n" % (where, where, coded)
    assert (body, proxy.heads) == (b"hello", [asked])
    assert b"roxy" not in heads[0]


REFUSALS = {
    "no_login": (
        b"HTTP/1.1 407 Auth\r\n\r\n",
        Cause.AGENT,
        "the proxy {proxy} wants to know who asks (407 Auth)",
        "proxy: http://user:password@…",
    ),
    "denied": (
        b"HTTP/1.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        Cause.AGENT,
        "the proxy {proxy} does not let a tunnel to {target} through (403 Forbidden)",
        HINT,
    ),
    "redirected": (
        b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\n\r\n",
        Cause.AGENT,
        "the proxy {proxy} does not let a tunnel to {target} through (302 Found)",
        HINT,
    ),
    "unreached": (
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        Cause.CONNECT,
        "the proxy {proxy} did not get to {target} (502 Bad Gateway)",
        "",
    ),
    "no_reason": (b"HTTP/1.1 504\r\n\r\n", Cause.CONNECT, "the proxy {proxy} did not get to {target} (504)", ""),
    "silent": (b"", Cause.AGENT, "the proxy {proxy} closed the connection without an answer to CONNECT", ""),
    "cut_off": (
        b"HTTP/1.1 200 OK\r\nVia",
        Cause.AGENT,
        "the proxy {proxy} closed the connection without an answer to CONNECT",
        "",
    ),
    "garbage": (
        b"SSH-2.0-OpenSSH\r\n\r\n",
        Cause.AGENT,
        "the proxy {proxy} answered CONNECT with something that is not HTTP",
        "",
    ),
    "endless": (
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * LONGEST_ANSWER,
        Cause.AGENT,
        "the proxy {proxy} answered CONNECT with more than 16 KiB",
        "",
    ),
    "hasty": (
        b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        Cause.AGENT,
        "the proxy {proxy} sent something behind its answer to CONNECT, before it was asked anything",
        "",
    ),
}


@pytest.mark.parametrize("instants", list(Clock))
@pytest.mark.parametrize("case", REFUSALS)
async def test_a_proxy_that_opens_no_tunnel_is_named(case: str, instants: Clock) -> None:
    said, cause, message, hint = REFUSALS[case]
    before = sockets() if kernel_stamps() else 0  # the socket that keeps stamps on is open from then on
    async with tunnels(answer=said) as proxy, open_client(perf_counter_ns, "test", None, instants) as client:
        failure, marks = await refused(client, "https://shop.test/", Route(proxy=proxy.proxy()))
    message = message.format(proxy=proxy.name, target="shop.test:443")
    assert failure == Failure(cause, message, hint=hint)
    assert (marks.sent, proxy.asked) == (False, ["shop.test:443"])
    assert sum(marks.phases().values()) == marks.duration_ns
    await until_sockets(before)


async def test_a_wrong_password_of_the_proxy_is_ours() -> None:
    async with tunnels(login="me:right") as proxy, open_client(perf_counter_ns, "test") as client:
        failure, _ = await refused(client, "http://shop.test/", Route(proxy=proxy.proxy("me", "wrong")))
    message = f"the proxy {proxy.name} wants to know who asks (407 Who Are You)"
    assert failure == Failure(Cause.AGENT, message, hint="the user or password of proxy: is wrong")


async def test_a_proxy_that_is_not_there_is_ours() -> None:
    async with open_client(perf_counter_ns, "test") as client:
        failure, _ = await refused(client, "https://shop.test/", Route(proxy=Proxy("127.0.0.1", 1)))
    hint = "the proxy is the agent's own way out: of the target nothing is known"
    assert failure == Failure(Cause.AGENT, "no connection to the proxy 127.0.0.1:1: connection refused", hint=hint)


async def test_a_proxy_whose_name_is_unknown_is_ours() -> None:
    async with open_client(perf_counter_ns, "test", nameservers=["127.0.0.1:1"]) as client:
        failure, _ = await refused(client, "https://shop.test/", Route(proxy=Proxy("proxy.test", 3128)))
    assert failure.cause is Cause.AGENT
    assert failure.message.startswith("no connection to the proxy proxy.test:3128: the name server 127.0.0.1:1 ")


@pytest.mark.parametrize("bytes_before", [0, 50])
async def test_a_proxy_that_dies_in_the_middle_breaks_the_exchange_and_is_named(
    serve: Serve, bytes_before: int
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(1000))

    url = await serve(talk)
    async with tunnels(dies_after=bytes_before) as proxy, open_client(perf_counter_ns, "test") as client:
        failure, marks = await refused(client, url, Route(proxy=proxy.proxy()))
    assert (failure.cause, marks.sent) == (Cause.PROTOCOL, True)
    assert f"{url.removeprefix('http://')} (by way of {proxy.name})" in failure.message


@pytest.mark.parametrize("instants", list(Clock))
async def test_a_tunnel_that_is_given_up_leaves_no_socket(instants: Clock) -> None:
    before = sockets() if kernel_stamps() else 0  # the socket that keeps stamps on is open from then on
    async with tunnels(think_s=30) as proxy, open_client(perf_counter_ns, "test", None, instants) as client:
        marks = Marks(perf_counter_ns)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.send(get("https://shop.test/"), marks, route=Route(proxy=proxy.proxy()))
        assert (marks.ended_in, marks.sent) == (Phase.CONNECT, False)
        assert marks.phases()[Phase.CONNECT] > marks.tunnel_ns >= 0.2e9
        assert sum(marks.phases().values()) == marks.duration_ns
    await until_sockets(before)


async def test_no_proxy_of_the_environment_is_ever_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await serve(hello)
    async with tunnels() as proxy, open_client(perf_counter_ns, "test") as client:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.name}")
        body, _ = await ask(client, url, Route())
    assert (body, proxy.heads) == (b"hello", [])


async def test_overrides_say_where_the_tunnel_leads(serve: Serve) -> None:
    url = await serve(hello)
    port = int(url.rpartition(":")[2])
    async with tunnels() as proxy, open_client(perf_counter_ns, "test") as client:
        route = Route(proxy=proxy.proxy(), resolve=(("shop.test", "127.0.0.1"),))
        body, _ = await ask(client, f"http://shop.test:{port}/", route)
    assert (body, proxy.asked) == (b"hello", [f"127.0.0.1:{port}"])


def test_tests_have_a_proxy_that_knows_its_users() -> None:
    assert Tunnels(login="a:b")._knows(b"CONNECT x HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\n\r\n")
