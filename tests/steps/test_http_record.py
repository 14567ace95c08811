import asyncio
import gzip
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme
from msgspec.structs import replace

from probe.demo.certificates import Certificate, make_identity
from probe.demo.shop import Shop
from probe.model.result import Exchange
from probe.model.served import Edge, ServerTiming
from probe.model.timing import Clock
from probe.steps import http
from probe.steps.http_action import Action
from probe.steps.recorded import MOST_NAMES
from tests.steps.asking import OPTIONS, Serve, attempt, failure, text
from tests.wire.names import name_server

IDENTITY = make_identity("valid")
TRUST = ssl.create_default_context(cadata=IDENTITY.ca_pem.decode())
PAGE = b"<p>a page</p>" * 500
PACKED = gzip.compress(PAGE)
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nServer-Timing: db;dur=53.2, cache;desc=hit\r\nCF-Ray: 8f1b-FRA\r\n"
    b"Content-Length: %d\r\n\r\n" % len(PACKED)
)


async def _page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + PACKED)


class Carried(Counter[str]):
    """Bytes to the server (`sent`) and from it (`received`), as a relay before it saw them."""


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[tuple[str, Carried]]:
    carried, talks = Carried(), []
    scheme, _, address = url.partition("://")
    host, port = address.split(":")

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        while data := await reader.read(2**16):
            carried[way] += len(data)
            writer.write(data)
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(done := asyncio.Event())
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pump(reader, far_writer, "sent"), pump(far_reader, writer, "received"))
        done.set()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with server:
        yield f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}/", carried
    for each in talks:
        await each.wait()


async def visits(url: str, count: int = 1, tls: ssl.SSLContext | None = None, **options: object) -> list[Exchange]:
    """On one connection, which is closed afterwards."""
    performance = attempt(replace(OPTIONS, tls=tls, **options))
    async with http.open_session(performance.options) as session:
        for _ in range(count):
            await http.perform(Action(get=text(url)), session, performance)
    return performance.exchanges


@pytest.mark.parametrize("secured", [False, True])
async def test_bytes_are_told_as_http_wrote_them_and_as_tcp_carried_them(serve: Serve, secured: bool) -> None:
    url = await (serve(_page, IDENTITY.context) if secured else serve(_page))
    async with relay(url) as (relayed, carried):
        exchanges = await visits(relayed, 2, TRUST if secured else None)
    first, second = exchanges
    answer = len(HEAD) + len(PACKED)
    assert [(e.received_bytes, e.body_bytes, e.sent_bytes) for e in exchanges] == [
        (answer, len(PAGE), first.sent_bytes)
    ] * 2
    on_wire = [(e.wire_sent_bytes or 0, e.wire_received_bytes or 0) for e in exchanges]
    if not secured:
        assert on_wire == [(first.sent_bytes, answer)] * 2
        assert carried == Counter(sent=2 * first.sent_bytes, received=2 * answer)
        return
    handshake, record = 800, 22  # at least so much, and exactly so much beside each record of TLS 1.3
    assert on_wire[1][0] == second.sent_bytes + record
    assert on_wire[1][1] >= answer + record
    assert on_wire[0][1] > on_wire[1][1] + handshake
    assert sum(sent for sent, _ in on_wire) == carried["sent"]
    assert sum(received for _, received in on_wire) == carried["received"]


async def test_pythons_own_transports_know_only_what_http_wrote(serve: Serve) -> None:
    (exchange,) = await visits(await serve(_page), instants=Clock.USER)
    assert (exchange.wire_sent_bytes, exchange.wire_received_bytes) == (None, None)
    assert exchange.sent_bytes > len("GET / HTTP/1.1")


async def test_a_body_that_is_sent_is_counted(serve: Serve) -> None:
    performance, url = attempt(), await serve(_page)
    async with http.open_session(performance.options) as session:
        for body in ("", "x" * 1000):
            await http.perform(Action(post=text(url), body=text(body)), session, performance)
    without, with_ = performance.exchanges
    assert with_.sent_bytes - without.sent_bytes in range(1000, 1050)


async def test_headers_that_tell_of_the_servers_time_and_of_the_edge_are_read(serve: Serve) -> None:
    (exchange,) = await visits(await serve(_page))
    assert exchange.server_timing == (ServerTiming("db", 53_200_000), ServerTiming("cache", None, "hit"))
    assert exchange.edge == Edge("Cloudflare", "FRA", "", "8f1b-FRA")


@pytest.mark.parametrize("clock", Clock)
async def test_a_handshake_is_told_by_the_exchange_that_made_it(serve: Serve, clock: Clock) -> None:
    first, second = await visits(await serve(_page, IDENTITY.context), 2, TRUST, instants=clock)
    assert first.tls
    assert (first.tls.version, [each.sans[0] for each in first.tls.chain]) == (
        "TLSv1.3",
        ["localhost"],
    )
    assert (second.reused, second.tls) == (True, None)


async def test_a_record_keeps_the_beginning_of_what_a_server_shows(serve: Serve) -> None:
    authority, shows = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    names = [f"shop-{number}.example" for number in range(100)]
    authority.issue_cert("localhost", *names).configure_cert(shows)
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    (exchange,) = await visits(await serve(_page, shows), 1, trust)
    assert exchange.tls
    assert exchange.tls.chain[0].sans == ("localhost", *names[: MOST_NAMES - 1])


@pytest.mark.parametrize(
    ("certificate", "sans"), [("expired", "localhost"), ("wrong-host", "elsewhere.example"), ("self-signed", None)]
)
async def test_a_certificate_that_is_refused_is_in_the_record(certificate: Certificate, sans: str | None) -> None:
    async with Shop(tls=True, certificate=certificate) as shop:
        assert shop.https_url
        assert shop.ca_pem
        performance = attempt(replace(OPTIONS, tls=ssl.create_default_context(cadata=shop.ca_pem.decode())))
        async with http.open_session(performance.options) as session:
            await failure(Action(get=text(shop.https_url)), session, performance)
    (exchange,) = performance.exchanges
    assert exchange.tls
    shown = exchange.tls.chain[0]
    assert (shown.sans[0] if shown.sans else None) == sans
    assert (shown.days_left(OPTIONS.now()) < 0) is (certificate == "expired")


async def test_a_handshake_that_never_began_leaves_no_facts(serve: Serve) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    url = (await serve(hang_up)).replace("http:", "https:")
    performance = attempt()
    async with http.open_session(performance.options) as session:
        await failure(Action(get=text(url)), session, performance)
    (exchange,) = performance.exchanges
    assert exchange.tls is None
    assert (exchange.wire_sent_bytes or 0) > 0
    assert (exchange.sent_bytes, exchange.body_bytes) == (0, None)


async def test_it_says_who_knew_the_name(serve: Serve) -> None:
    port = (await serve(_page)).rpartition(":")[2]
    with name_server({"shop.test": ("127.0.0.1",)}) as names:
        first, second = await visits(f"http://shop.test:{port}/", 2, nameservers=(names.address,))
    assert (first.resolver, second.resolver) == (names.address, "")
    (unnamed,) = await visits(f"http://127.0.0.1:{port}/")
    assert unnamed.resolver == ""
