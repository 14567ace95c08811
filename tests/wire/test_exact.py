from time import perf_counter_ns

import pytest

from probe.wire.body import Body
from probe.wire.client import Client
from probe.wire.marks import Marks
from probe.wire.request import Headers, Request
from tests.conftest import Serve
from tests.wire.recording import ANSWER, Recording

WRITTEN: Headers = (("x-SMALL", "1"), ("Zebra", "a"), ("accept", "text/html"), ("Zebra", "b"), ("Apple", ""))


async def sent(client: Client, server: Recording, url: str, request: Request) -> list[tuple[str, str]]:
    await client.send(request, Marks(perf_counter_ns))
    return [(name, value.replace(url.removeprefix("http://"), "HOST")) for name, value in server.headers]


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
async def test_the_headers_written_go_out_and_no_others(client: Client, serve: Serve, method: str, fresh: bool) -> None:
    server = Recording()
    url = await serve(server.talk)
    headers = (("Host", "elsewhere"), *WRITTEN)
    request = Request(method, url, headers, fresh=fresh, exact=True)
    assert await sent(client, server, url, request) == list(headers)


async def test_host_is_first_where_it_is_not_written(client: Client, serve: Serve) -> None:
    server = Recording()
    url = await serve(server.talk)
    request = Request("GET", url, WRITTEN, exact=True)
    assert await sent(client, server, url, request) == [("Host", "HOST"), *WRITTEN]


async def test_host_stays_where_it_is_written(client: Client, serve: Serve) -> None:
    server = Recording()
    url = await serve(server.talk)
    headers = (*WRITTEN, ("hOST", "me"))
    assert await sent(client, server, url, Request("GET", url, headers, exact=True)) == list(headers)


@pytest.mark.parametrize(
    ("body", "written", "added"),
    [
        (Body((b"card",)), (), [("Content-Length", "4")]),
        (Body((b"card",), chunked=True), (), [("Transfer-Encoding", "chunked")]),
        (Body((b"card",)), (("content-length", "4"),), []),
        (Body((b"card",), chunked=True), (("transfer-encoding", "chunked"),), []),
    ],
)
async def test_a_body_is_framed_last_where_its_framing_is_not_written(
    client: Client, serve: Serve, body: Body, written: Headers, added: list[tuple[str, str]]
) -> None:
    server = Recording()
    url = await serve(server.talk)
    headers = (("Host", "shop"), *written, ("X-Last", "1"))
    assert await sent(client, server, url, Request("POST", url, headers, body, exact=True)) == [*headers, *added]
    assert server.bodies == [b"card"]


async def test_the_jar_keeps_what_comes_and_sends_nothing(client: Client, serve: Serve) -> None:
    server = Recording(ANSWER.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1\r\n\r\n"))
    url = await serve(server.talk)
    for exact in (True, True, False):
        await sent(client, server, url, Request("GET", url, exact=exact))
    assert ["Cookie: a=1" in head for head in server.heads] == [False, False, True]


async def test_it_goes_over_the_connection_that_is_there(client: Client, serve: Serve) -> None:
    server = Recording()
    url = await serve(server.talk)
    for exact in (False, True, False, True):
        await sent(client, server, url, Request("GET", url, exact=exact))
    assert server.connections == 1


@pytest.mark.parametrize("exact", [False, True])
async def test_a_fresh_connection_is_used_once(client: Client, serve: Serve, exact: bool) -> None:
    server = Recording()
    url = await serve(server.talk)
    for _ in range(3):
        await sent(client, server, url, Request("GET", url, fresh=True, exact=exact))
    assert (server.connections, "Connection" in server.names) == (3, not exact)
