import asyncio
import random
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter_ns
from typing import NamedTuple

import pytest

from probe.demo.certificates import Certificate
from probe.demo.shop import Shop
from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock, Phase
from probe.wire.client import Answer, Client, open_client
from probe.wire.marks import Marks
from probe.wire.request import Request
from tests.wire.names import name_server
from tests.wire.peers import Wrote, answering_after

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]

UNCONNECTED = [Phase.CONNECT, Phase.OTHER]
UNANSWERED = [Phase.CONNECT, Phase.SEND, Phase.PROCESSING, Phase.OTHER]
ANSWERED = [Phase.CONNECT, Phase.SEND, Phase.PROCESSING, Phase.TRANSFER, Phase.OTHER]


class Seen(NamedTuple):
    marks: Marks
    answer: Answer | None = None
    failure: Failure | None = None


async def visit(client: Client, url: str, method: str = "GET", *, fresh: bool = False) -> Seen:
    """One exchange; whatever came of it, its phases add up."""
    marks = Marks(perf_counter_ns)
    try:
        seen = Seen(marks, await client.send(Request(method, url, fresh=fresh), marks))
    except StepFailure as error:
        seen = Seen(marks, failure=error.failure)
    assert sum(marks.phases().values()) == marks.duration_ns
    assert min(marks.phases().values()) >= 0
    return seen


def saying(*pieces: bytes, reset: bool = False) -> Talk:
    """A server that reads a request, says the pieces and goes away."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)  # so that a reset does not overtake it
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    return talk


async def test_an_answer_has_everything_that_came(client: Client, serve: Serve) -> None:
    head = (
        b"HTTP/1.1 203 Sure\r\nX-A: 1\r\nX-A: 2\r\nContent-Type: text/html; charset=latin1\r\nContent-Length: 2\r\n\r\n"
    )
    url = await serve(saying(head + b"\xe4\xf6"))
    seen = await visit(client, url)
    headers = (("X-A", "1"), ("X-A", "2"), ("Content-Type", "text/html; charset=latin1"), ("Content-Length", "2"))
    assert seen.answer == Answer(url, 203, "1.1", headers, b"\xe4\xf6", "cp1252", 2, "", ())
    assert (seen.marks.received_bytes, list(seen.marks.phases())) == (len(head) + 2, ANSWERED)


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "silence": (saying(), "closed the connection without answering", UNANSWERED),
    "reset": (saying(reset=True), "reset the connection before an answer came", UNANSWERED),
    "reset in the head": (saying(b"HTTP/1.1 2", reset=True), "reset the connection after 10 bytes", ANSWERED),
    "garbage": (saying(b"\0\1 garbage\r\n\r\n"), "answered with something that is not HTTP: it begins with", ANSWERED),
    "bad length": (saying(HEAD + b"Content-Length: x\r\n\r\n"), "something that is not HTTP: invalid char", ANSWERED),
    "cut off": (saying(HEAD + b"Content-Length: 9\r\n\r\nhello"), "was cut off after 43 bytes", ANSWERED),
    "cut chunks": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhel"), "was cut off after 53", ANSWERED),
    "reset body": (saying(HEAD + b"Content-Length: 9\r\n\r\nhello", reset=True), "was cut off after 43", ANSWERED),
    "reset endless body": (saying(HEAD + b"\r\nhello", reset=True), "was cut off after 24 bytes", ANSWERED),
    "no gzip": (
        saying(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
        "is not gzip, as it says: incorrect header check",
        ANSWERED,
    ),
    "huge header": (saying(HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n"), "a line of its head is too long", ANSWERED),
}


@pytest.mark.parametrize(("talk", "message", "phases"), BROKEN.values(), ids=list(BROKEN))
async def test_a_broken_answer_is_the_targets_protocol_failure(
    client: Client, serve: Serve, talk: Talk, message: str, phases: list[Phase]
) -> None:
    seen = await visit(client, await serve(talk))
    assert seen.failure is not None
    assert (seen.failure.cause, list(seen.marks.phases())) == (Cause.PROTOCOL, phases)
    assert message in seen.failure.message


async def test_a_refused_connection_ends_in_connect(client: Client) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        seen = await visit(client, f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert seen.failure is not None
    assert (seen.failure.cause, list(seen.marks.phases())) == (Cause.CONNECT, UNCONNECTED)
    assert seen.failure.message.startswith("connection refused by 127.0.0.1:")


async def test_a_name_that_does_not_exist_ends_in_resolve() -> None:
    with name_server({}) as names:
        async with open_client(perf_counter_ns, "test", nameservers=[names.address]) as client:
            seen = await visit(client, "http://shop.test/")
    message = "the name shop.test does not resolve: it does not exist (NXDOMAIN)"
    hint = "a typo, or the domain is not registered any more"
    assert seen.failure == Failure(Cause.RESOLVE, message, hint=hint)
    assert list(seen.marks.phases()) == [Phase.RESOLVE, Phase.OTHER]


@pytest.mark.parametrize("fresh", [False, True])
async def test_a_name_is_resolved_for_every_connection_and_its_time_is_resolve(serve: Serve, fresh: bool) -> None:
    port = (await serve(_always)).rpartition(":")[2]
    with name_server({"shop.test": ("127.0.0.1",)}, delay_s=0.3) as names:
        async with open_client(perf_counter_ns, "test", nameservers=[names.address]) as client:
            seen = [await visit(client, f"http://shop.test:{port}/", fresh=fresh) for _ in range(2)]
    assert names.asked.count("shop.test") == (4 if fresh else 2)
    phases = [each.marks.phases() for each in seen if not each.marks.reused]
    assert len(phases) == (2 if fresh else 1)
    assert all(each[Phase.RESOLVE] >= 0.29e9 and each[Phase.CONNECT] < 0.15e9 for each in phases)


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        ("expired", "it has expired"),
        ("wrong-host", "hostname mismatch, certificate is not valid for 'localhost'"),
        ("self-signed", "it is signed by itself"),
    ],
)
async def test_a_certificate_that_cannot_be_trusted_ends_in_tls(certificate: Certificate, message: str) -> None:
    async with Shop(tls=True, certificate=certificate) as shop:
        assert shop.https_url
        assert shop.ca_pem
        trust = ssl.create_default_context(cadata=shop.ca_pem.decode())
        async with open_client(perf_counter_ns, "test", trust) as client:
            seen = await visit(client, shop.https_url)
    assert seen.failure is not None
    expected = f"the certificate of {shop.https_url[8:]} is not trusted: {message}"
    assert (seen.failure.cause, seen.failure.message) == (Cause.TLS, expected)
    assert list(seen.marks.phases()) == [Phase.RESOLVE, Phase.CONNECT, Phase.TLS, Phase.OTHER]


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["nothing", "http"])
async def test_a_peer_that_does_not_speak_tls_ends_in_tls(client: Client, serve: Serve, said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)

    seen = await visit(client, (await serve(talk)).replace("http://127.0.0.1", "https://localhost"))
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.message.partition(":")[0]) == (Cause.TLS, "no TLS with localhost")
    assert list(seen.marks.phases()) == [Phase.RESOLVE, Phase.CONNECT, Phase.TLS, Phase.OTHER]


async def test_a_cancelled_exchange_says_where_it_was(client: Client, serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await asyncio.sleep(3600)

    marks = Marks(perf_counter_ns)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await client.send(Request("GET", await serve(talk)), marks)
    assert (marks.ended_in, list(marks.phases())) == (Phase.TRANSFER, ANSWERED)
    assert sum(marks.phases().values()) == marks.duration_ns


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_nothing_is_sent_twice_when_a_kept_connection_turns_out_dead(
    client: Client, serve: Serve, method: str
) -> None:
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])

    url = await serve(talk)
    first, second = await visit(client, url), await visit(client, url, method)
    assert (first.failure, second.marks.reused) == (None, True)
    assert second.failure is not None
    assert (second.failure.cause, asked) == (Cause.PROTOCOL, ["GET", method])


async def test_connections_are_kept_within_a_client_and_not_beyond_it(serve: Serve) -> None:
    url = await serve(_always)
    reused = []
    for _ in range(2):
        async with open_client(perf_counter_ns, "test") as client:
            reused += [(await visit(client, url)).marks.reused for _ in range(2)]
    assert reused == [False, True, False, True]


async def test_a_fresh_request_neither_takes_nor_leaves_a_connection(client: Client, serve: Serve) -> None:
    url = await serve(_always)
    seen = [await visit(client, url, fresh=fresh) for fresh in (False, True, True, False)]
    assert [each.marks.reused for each in seen] == [False, False, False, True]


@pytest.mark.parametrize("fresh", [False, True])
async def test_cookies_of_an_address_are_kept_and_sent_as_they_came(client: Client, serve: Serve, fresh: bool) -> None:
    sent: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            sent.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b'HTTP/1.1 204 No Content\r\nSet-Cookie: a=x/y=="; Path=/\r\n\r\n')

    url = await serve(talk)
    for _ in range(2):
        await visit(client, url, fresh=fresh)
    assert b'\r\nCookie: a=x/y=="\r\n' in sent[1]
    assert client.cookies(url) == {"a": 'x/y=="'}


async def test_cookies_are_sent_in_their_order_byte_by_byte_and_the_first_of_a_name_is_the_one_to_see(
    client: Client, serve: Serve
) -> None:
    sent: list[bytes] = []
    cookies = ("z=1; Path=/", "a=2; Path=/", "ключ=знач, ение; Path=/", "z=3; Path=/cart")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(await reader.readuntil(b"\r\n\r\n"))
        lines = "".join(f"Set-Cookie: {cookie}\r\n" for cookie in cookies)
        writer.write(
            f"HTTP/1.1 200 OK\r\n{lines}Content-Length: 9\r\n\r\ncut".encode()
        )  # taken in though the body is not

    url = await serve(talk)
    for _ in range(2):
        await visit(client, f"{url}/cart/items")
    assert "\r\nCookie: z=3; z=1; a=2; ключ=знач, ение\r\n".encode() in sent[1]
    assert client.cookies(f"{url}/cart/") == {"z": "3", "a": "2", "ключ": "знач, ение"}


async def test_a_cookie_that_is_no_utf8_is_ignored(client: Client, serve: Serve) -> None:
    url = await serve(saying(HEAD + b"Set-Cookie: a=\xff\r\nSet-Cookie: b=1\r\nContent-Length: 0\r\n\r\n"))
    await visit(client, url)
    assert client.cookies(url) == {"b": "1"}


async def test_a_long_header_is_no_trouble(client: Client, serve: Serve) -> None:
    policy = b"x" * 20_000
    seen = await visit(client, await serve(saying(HEAD + b"CSP: " + policy + b"\r\nContent-Length: 0\r\n\r\n")))
    assert seen.answer is not None
    assert seen.answer.header("csp") == policy.decode()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.1/", "not a URL a request can go to: http://127.1/"),
        ("http://a..b/", "no request can be made of this: "),
    ],
)
async def test_an_address_that_is_none_blames_the_journey(client: Client, url: str, message: str) -> None:
    seen = await visit(client, url)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.message[: len(message)]) == (Cause.SCRIPT, message)
    assert not seen.marks.sent


async def _always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


# --- a loop that is late

STALL_S = 0.3
STALL_NS = int(STALL_S * 1e9)


async def stalled(url: str, wrote: list[Wrote], trust: ssl.SSLContext, instants: Clock) -> list[tuple[Marks, int]]:
    """Exchanges whose loop stood still at some time while they waited, and by how much each end was late."""
    found: list[tuple[Marks, int]] = []
    for _ in range(7):
        async with open_client(perf_counter_ns, "test", trust, instants) as client:
            asyncio.get_running_loop().call_later(random.uniform(0.05, 0.1), time.sleep, STALL_S)
            seen = await visit(client, url)
        while len(wrote) <= len(found):
            await asyncio.sleep(0.001)
        assert seen.failure is None
        assert seen.marks.ended_ns is not None
        found.append((seen.marks, seen.marks.ended_ns - wrote[-1].after_ns))
    return found


@pytest.mark.parametrize("secured", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("size", [2, 20_000])
async def test_a_late_loop_does_not_move_what_the_kernel_saw(
    identity: ssl.SSLContext, trust: ssl.SSLContext, secured: bool, size: int
) -> None:
    with answering_after(0.11, size, identity if secured else None) as (url, wrote):
        stamped = await stalled(url, wrote, trust, Clock.KERNEL)
        wrote.clear()
        pythons = await stalled(url, wrote, trust, Clock.USER)
    assert {marks.clock for marks, _ in stamped} == {Clock.KERNEL}
    assert {marks.held_up_ns for marks, _ in stamped} == {0}
    assert median(abs(late) for _, late in stamped) < STALL_NS / 300
    assert median(late for _, late in pythons) > STALL_NS / 2


async def test_an_answer_beyond_the_window_is_held_up_by_a_late_loop_and_says_so(trust: ssl.SSLContext) -> None:
    with answering_after(0.11, 2_000_000) as (url, wrote):
        for marks, _ in await stalled(url, wrote, trust, Clock.KERNEL):
            assert STALL_NS / 2 < marks.held_up_ns <= STALL_NS * 1.5
            assert marks.phases()[Phase.TRANSFER] > STALL_NS / 2
