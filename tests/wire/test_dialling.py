"""Where connections come from and go to, over the whole client."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter_ns

import pytest

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock, Phase
from probe.wire.client import Client, open_client
from probe.wire.dialling import require_family
from probe.wire.marks import Marks
from probe.wire.request import Request
from probe.wire.route import Route, parse_redirection
from probe.wire.stamps import kernel_stamps
from tests.wire.dialling import sockets, until_sockets
from tests.wire.names import name_server

Serve = Callable[..., Awaitable[str]]

INSTANTS = pytest.mark.parametrize("instants", list(Clock))


async def ask(client: Client, url: str, route: Route) -> tuple[str, Marks]:
    marks = Marks(perf_counter_ns)
    answer = await client.send(Request("GET", url), marks, route=route)
    assert sum(marks.phases().values()) == marks.duration_ns
    return answer.body.decode(), marks


async def failed(client: Client, url: str, route: Route) -> Failure:
    with pytest.raises(StepFailure) as raised:
        await ask(client, url, route)
    return raised.value.failure


async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with what it sees of the client: its Host header, TLS name and address."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        host = next(line for line in head.splitlines() if line.startswith("Host: ")).removeprefix("Host: ")
        peer = writer.get_extra_info("peername")
        body = f"{host} {peer[0] if peer else 'unix'}".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


@INSTANTS
async def test_a_name_is_used_with_the_address_that_is_given_and_nobody_is_asked(serve: Serve, instants: Clock) -> None:
    port = (await serve(tell)).rpartition(":")[2]
    async with open_client(perf_counter_ns, "test", None, instants, nameservers=["127.0.0.1:1"]) as client:
        body, marks = await ask(client, f"http://shop.test:{port}/", Route(resolve=(("shop.test", "127.0.0.1"),)))
    assert body == f"shop.test:{port} 127.0.0.1"
    assert (Phase.RESOLVE in marks.phases(), marks.resolver) == (False, "")


@INSTANTS
async def test_host_and_tls_name_stay_when_another_server_is_connected_to(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext, instants: Clock
) -> None:
    names: list[str] = []
    identity.sni_callback = lambda _, name, __: names.append(name)
    port = (await serve(tell, identity)).rpartition(":")[2]
    route = Route(connect_to=(parse_redirection("localhost:443", f"127.0.0.1:{port}"),))
    async with open_client(perf_counter_ns, "test", trust, instants) as client:
        body, marks = await ask(client, "https://localhost/", route)
    assert (body, names, marks.remote) == ("localhost 127.0.0.1", ["localhost"], f"127.0.0.1:{port}")


async def test_a_connection_is_never_used_on_another_route(serve: Serve) -> None:
    port = (await serve(tell)).rpartition(":")[2]
    routes = [Route(resolve=(("shop.test", "127.0.0.1"),)), Route(resolve=(("shop.test", "127.0.0.1"), ("a", "::1")))]
    async with open_client(perf_counter_ns, "test") as client:
        reused = [
            (await ask(client, f"http://shop.test:{port}/", routes[index]))[1].reused for index in (0, 1, 0, 1, 0)
        ]
    assert reused == [False, False, True, True, True]


async def test_routes_share_the_cookies_of_the_run(serve: Serve) -> None:
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    url = await serve(talk)
    async with open_client(perf_counter_ns, "test") as client:
        for route in (Route(), Route(source="127.0.0.1")):
            await ask(client, url, route)
    assert [b"Cookie: a=1" in head for head in heads] == [False, True]


@INSTANTS
@pytest.mark.parametrize("address", ["127.0.0.2", "127.0.0.77"])
async def test_the_source_address_is_the_one_that_is_given(serve: Serve, address: str, instants: Clock) -> None:
    url = await serve(tell)
    async with open_client(perf_counter_ns, "test", None, instants) as client:
        body, _ = await ask(client, url, Route(source=address, family=socket.AF_INET))
    assert body.partition(" ")[2] == address


@INSTANTS
async def test_a_source_address_that_is_not_ours_is_our_mistake(serve: Serve, instants: Clock) -> None:
    url = await serve(tell)
    async with open_client(perf_counter_ns, "test", None, instants) as client:
        failure = await failed(client, url, Route(source="203.0.113.7", family=socket.AF_INET))
    message = "the source address 203.0.113.7 cannot be used: cannot assign requested address"
    assert failure == Failure(Cause.AGENT, message, hint="source: is an address of the agent's machine")


@pytest.mark.parametrize(("family", "remote"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "[::1]")])
async def test_only_addresses_of_the_family_are_used(serve: Serve, family: int, remote: str) -> None:
    with name_server({"shop.test": ("127.0.0.1", "::1")}) as names:
        async with open_client(perf_counter_ns, "test", nameservers=[names.address]) as client:
            port = (await serve(tell, host="::1" if family == socket.AF_INET6 else "127.0.0.1")).rpartition(":")[2]
            _, marks = await ask(client, f"http://shop.test:{port}/", Route(family=family))
    assert marks.remote == f"{remote}:{port}"


async def test_a_name_without_an_address_of_the_family_does_not_resolve() -> None:
    with name_server({"shop.test": ("127.0.0.1",)}) as names:
        async with open_client(perf_counter_ns, "test", nameservers=[names.address]) as client:
            failure = await failed(client, "http://shop.test/", Route(family=socket.AF_INET6))
    message = "the name shop.test does not resolve: it has no IPv6 address"
    assert failure == Failure(Cause.RESOLVE, message, hint="family: asks for no other")


async def test_an_address_of_the_other_family_is_the_journeys_mistake() -> None:
    async with open_client(perf_counter_ns, "test") as client:
        failure = await failed(client, "http://127.0.0.1:1/", Route(family=socket.AF_INET6))
    message = "127.0.0.1 is no IPv6 address, and family: or source: asks for one"
    assert failure == Failure(Cause.SCRIPT, message)


def test_any_family_takes_every_address() -> None:
    require_family(Route(), "127.0.0.1")
    require_family(Route(), "::1")


async def test_names_are_asked_where_the_route_says_and_the_record_knows(serve: Serve) -> None:
    port = (await serve(tell)).rpartition(":")[2]
    with name_server({"shop.test": ("127.0.0.1",)}) as names, name_server({}) as others:
        async with open_client(perf_counter_ns, "test", nameservers=[others.address]) as client:
            _, marks = await ask(client, f"http://shop.test:{port}/", Route(resolver=(names.address,)))
            marks_of_failure = Marks(perf_counter_ns)
            with pytest.raises(StepFailure):
                await client.send(Request("GET", "http://shop.test/"), marks_of_failure)
        assert (set(names.asked), set(others.asked)) == ({"shop.test"}, {"shop.test"})
    assert (marks.resolver, marks_of_failure.resolver) == (names.address, others.address)


async def test_a_failure_says_by_way_of_whom() -> None:
    async with open_client(perf_counter_ns, "test", nameservers=["127.0.0.1:1"]) as client:
        to_port = Route(connect_to=(parse_redirection("shop.test", "127.0.0.1:1"),))
        to_name = Route(connect_to=(parse_redirection("shop.test", "edge.test"),))
        failures = [await failed(client, "http://shop.test/", route) for route in (to_port, to_name)]
    assert failures[0].message == "connection refused by shop.test:80 (by way of 127.0.0.1:1)"
    assert failures[1].message.startswith("the name edge.test does not resolve: ")


async def unix_server(path: Path, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await tell(reader, writer)
        except (OSError, EOFError):
            writer.close()

    return await asyncio.start_unix_server(talk, path, ssl=tls)


@INSTANTS
@pytest.mark.parametrize("tls", [False, True])
async def test_a_unix_socket_is_connected_to_whatever_the_host(
    tmp_path: Path, identity: ssl.SSLContext, trust: ssl.SSLContext, instants: Clock, tls: bool
) -> None:
    path = tmp_path / "shop.sock"
    server = await unix_server(path, identity if tls else None)
    url = "https://localhost/" if tls else "http://shop.test/"
    try:
        async with open_client(perf_counter_ns, "test", trust, instants, nameservers=["127.0.0.1:1"]) as client:
            seen = [await ask(client, url, Route(unix_socket=str(path))) for _ in range(2)]
    finally:
        server.close()
    host = "localhost" if tls else "shop.test"
    assert [(body, marks.remote, marks.clock, marks.reused) for body, marks in seen] == [
        (f"{host} unix", f"unix:{path}", Clock.USER, reused) for reused in (False, True)
    ]
    assert (seen[0][1].rtt_ns, Phase.CONNECT in seen[0][1].phases()) == (None, True)


@INSTANTS
async def test_a_unix_socket_that_is_not_there_or_not_served_is_named(tmp_path: Path, instants: Clock) -> None:
    before = sockets() if kernel_stamps() else 0
    missing, dead = tmp_path / "missing.sock", tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(dead))
    async with open_client(perf_counter_ns, "test", None, instants) as client:
        failures = [await failed(client, "http://a/", Route(unix_socket=str(path))) for path in (missing, dead)]
    hint = "is its server running? the path is one of the agent's machine"
    assert failures == [
        Failure(Cause.CONNECT, f"no connection to the unix socket {path}: {reason}", hint=hint)
        for path, reason in ((missing, "no such file or directory"), (dead, "connection refused"))
    ]
    await until_sockets(before)
