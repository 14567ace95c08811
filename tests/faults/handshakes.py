"""Certificates nobody should trust, handshakes that fail, and TLS that breaks afterwards."""

import asyncio
import socket
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Thread

import trustme

from probe.model.result import Cause
from tests.faults.row import (
    ASKED_TLS,
    BEGUN,
    BEGUN_TLS,
    BRIEF,
    SHAKING,
    Ground,
    Row,
    Scene,
    Talk,
    Where,
    finish,
    reset,
    saying,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
DAY = timedelta(days=1)


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def trust() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context


def shows(leaf: Callable[[], trustme.LeafCert], settle: Callable[[ssl.SSLContext], object] = lambda _: None) -> Scene:
    """A server with that certificate, in a thread of its own: ssl's blocking sockets say every alert."""

    async def scene(ground: Ground) -> Where:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf().configure_cert(context)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            settle(context)
        listening = ground.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve() -> None:
            sock, _ = listening.accept()
            with sock, suppress(OSError), context.wrap_socket(sock, server_side=True) as secured:
                secured.recv(4096)
                secured.sendall(OK)

        thread = Thread(target=serve)
        thread.start()
        ground.stack.callback(thread.join)
        return Where(f"https://localhost:{listening.getsockname()[1]}", trust())

    return scene


def valid() -> trustme.LeafCert:
    return authority().issue_cert("localhost")


def expired() -> trustme.LeafCert:
    return authority().issue_cert(
        "localhost", not_before=datetime.now(UTC) - 9 * DAY, not_after=datetime.now(UTC) - DAY
    )


def not_yet_valid() -> trustme.LeafCert:
    return authority().issue_cert(
        "localhost", not_before=datetime.now(UTC) + DAY, not_after=datetime.now(UTC) + 9 * DAY
    )


def self_signed() -> trustme.LeafCert:
    stranger = trustme.CA()
    return trustme.LeafCert(stranger.private_key_pem.bytes(), stranger.cert_pem.bytes(), [])


def without_intermediate() -> trustme.LeafCert:
    whole = authority().create_child_ca().issue_cert("localhost")
    return trustme.LeafCert(whole.private_key_pem.bytes(), whole.cert_chain_pems[0].bytes(), [])


def with_intermediate() -> trustme.LeafCert:
    return authority().create_child_ca().issue_cert("localhost")


def old(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def exotic(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-NULL-SHA:ADH-AES128-SHA256:@SECLEVEL=0")


def wants_certificate(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def settle(context: ssl.SSLContext) -> None:
        context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        authority().configure_trust(context)

    return settle


def raw(talk: Talk) -> Scene:
    """A server below TLS."""

    async def scene(ground: Ground) -> Where:
        return Where((await ground.serve(talk)).replace("http://127.0.0.1", "https://localhost"), trust())

    return scene


def replies(*pieces: bytes, end: str = "close") -> Scene:
    """A server that says that to the client's greeting."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        await finish(reader, writer, end)

    return raw(talk)


def alert(description: int) -> bytes:
    return bytes((21, 3, 3, 0, 2, 2, description))


async def _mirror(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(4096))
    await writer.drain()
    await reader.read()


async def _deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


def secured(talk: Talk) -> Scene:
    async def scene(ground: Ground) -> Where:
        return Where(await ground.serve(talk, identity()), trust())

    return scene


def identity() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    valid().configure_cert(context)
    return context


def bending(at: int, bend: Callable[[bytes], bytes], end: str = "") -> Scene:
    """Between client and server: the server's record with that number is bent, and then it may end."""

    async def scene(ground: Ground) -> Where:
        url = await ground.serve(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"hello"), identity())
        port = int(url.rpartition(":")[2])

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, towards = await asyncio.open_connection("127.0.0.1", port)
            try:
                async with asyncio.TaskGroup() as both:
                    forth = both.create_task(_relay(reader, towards))
                    await _relay_records(there, writer, at, bend, end)
                    forth.cancel()
            finally:
                towards.transport.abort()

        return Where((await ground.serve(talk)).replace("http://127.0.0.1", "https://localhost"), trust())

    return scene


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)


async def _relay_records(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: int, bend: Callable[[bytes], bytes], end: str
) -> None:
    count = 0
    with suppress(OSError, EOFError):
        while count <= at or not end:
            head = await reader.readexactly(5)
            record = head + await reader.readexactly(int.from_bytes(head[3:]))
            writer.write(bend(record) if count == at else record)
            await writer.drain()
            count += 1
        if end == "reset":
            reset(writer)


def _flip(record: bytes) -> bytes:
    return record[:-1] + bytes((record[-1] ^ 1,))


def plainly(scene: Scene) -> Scene:
    async def plain(ground: Ground) -> Where:
        where = await scene(ground)
        return Where(where.url.replace("https://localhost", "http://127.0.0.1"))

    return plain


async def _goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
    await writer.drain()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _reset_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    reset(writer)


TLS, TIMEOUT, PROTOCOL = Cause.TLS, Cause.TIMEOUT, Cause.PROTOCOL
UNTRUSTED = "the certificate of {host} is not trusted: "
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
ROWS = [
    Row("a good certificate", shows(valid), None, "", BEGUN_TLS),
    Row("a chain with its intermediate", shows(with_intermediate), None, "", BEGUN_TLS),
    Row("expired", shows(expired), TLS, UNTRUSTED + "it has expired", SHAKING),
    Row("not yet valid", shows(not_yet_valid), TLS, UNTRUSTED + "it is not valid yet", SHAKING),
    Row(
        "for another host",
        shows(lambda: authority().issue_cert("else.example")),
        TLS,
        UNTRUSTED + "hostname mismatch, certificate is not valid for 'localhost'",
        SHAKING,
    ),
    Row(
        "for an address only",
        shows(lambda: authority().issue_cert("127.0.0.1")),
        TLS,
        UNTRUSTED + "hostname mismatch, certificate is not valid for 'localhost'",
        SHAKING,
    ),
    Row(
        "for a wildcard beside it",
        shows(lambda: authority().issue_cert("*.localhost")),
        TLS,
        UNTRUSTED + "hostname mismatch, certificate is not valid for 'localhost'",
        SHAKING,
    ),
    Row("self-signed", shows(self_signed), TLS, UNTRUSTED + "it is signed by itself", SHAKING),
    Row(
        "of an unknown authority",
        shows(lambda: trustme.CA().issue_cert("localhost")),
        TLS,
        UNTRUSTED + "no authority that is trusted here signed it",
        SHAKING,
    ),
    Row(
        "without its intermediate",
        shows(without_intermediate),
        TLS,
        UNTRUSTED + "no authority that is trusted here signed it",
        SHAKING,
    ),
    Row("old protocols only", shows(valid, old), TLS, "no TLS with {host}: no TLS version in common", SHAKING),
    Row(
        "no common cipher",
        shows(valid, exotic),
        TLS,
        "no TLS with {host}: it accepts nothing of what was offered (alert handshake failure)",
        SHAKING,
    ),
    Row(
        "a client's certificate wanted, TLS 1.2",
        shows(valid, wants_certificate(V12)),
        TLS,
        "no TLS with {host}: it accepts nothing of what was offered (alert handshake failure)",
        SHAKING,
    ),
    Row(
        "alert: handshake failure",
        replies(alert(40)),
        TLS,
        "no TLS with {host}: it accepts nothing of what was offered (alert handshake failure)",
        SHAKING,
    ),
    Row(
        "alert: internal error",
        replies(alert(80)),
        TLS,
        "no TLS with {host}: it broke off with the alert internal error",
        SHAKING,
    ),
    Row(
        "alert: unrecognised name",
        replies(alert(112)),
        TLS,
        "no TLS with {host}: it knows no host of that name (alert unrecognized name)",
        SHAKING,
    ),
    Row(
        "alert: access denied, left open",
        replies(alert(49), end="stay"),
        TLS,
        "no TLS with {host}: it broke off with the alert access denied",
        SHAKING,
    ),
    Row(
        "an alert nobody knows",
        replies(alert(200)),
        TLS,
        "no TLS with {host}: what it says makes no sense (unknown error)",
        SHAKING,
    ),
    Row(
        "plain HTTP on the TLS port",
        replies(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        TLS,
        "no TLS with {host}: what answers there does not speak TLS",
        SHAKING,
    ),
    Row(
        "a mail server on the TLS port",
        replies(b"220 mail.example ESMTP\r\n"),
        TLS,
        "no TLS with {host}: what answers there does not speak TLS",
        SHAKING,
    ),
    Row(
        "garbage instead of the server's greeting",
        replies(bytes(range(100, 200))),
        TLS,
        "no TLS with {host}: what answers there does not speak TLS",
        SHAKING,
    ),
    Row(
        "zeros instead of the server's greeting",
        replies(bytes(1000)),
        TLS,
        "no TLS with {host}: what answers there does not speak TLS",
        SHAKING,
    ),
    Row("closed before the handshake", replies(), TLS, "no TLS with {host}: it broke off the handshake", SHAKING),
    Row(
        "reset before the handshake",
        replies(end="reset"),
        TLS,
        "no TLS with {host}: it broke off the handshake: connection reset by peer",
        SHAKING,
    ),
    Row(
        "half a record, closed",
        replies(b"\x16\x03\x03\x00\x7a\x02\x00"),
        TLS,
        "no TLS with {host}: it broke off the handshake",
        SHAKING,
    ),
    Row(
        "half a record, reset",
        replies(b"\x16\x03\x03\x00\x7a\x02\x00", end="reset"),
        TLS,
        "no TLS with {host}: it broke off the handshake: connection reset by peer",
        SHAKING,
    ),
    Row(
        "half a record, left open",
        replies(b"\x16\x03\x03\x00\x7a\x02\x00", end="stay"),
        TIMEOUT,
        "no answer within {limit}: the time ran out in tls",
        SHAKING,
        [BRIEF],
    ),
    Row(
        "a record that is too long",
        replies(b"\x16\x03\x03\xff\xff" + bytes(70_000)),
        TLS,
        "no TLS with {host}: what it says makes no sense (…",
        SHAKING,
    ),
    Row(
        "a greeting that is nonsense",
        replies(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"),
        TLS,
        "no TLS with {host}: what it says makes no sense (…",
        SHAKING,
    ),
    Row(
        "the client's own greeting sent back",
        raw(_mirror),
        TLS,
        "no TLS with {host}: what it says makes no sense (…",
        SHAKING,
    ),
    Row(
        "a stall in the handshake",
        replies(end="stay"),
        TIMEOUT,
        "no answer within {limit}: the time ran out in tls",
        SHAKING,
        [BRIEF],
    ),
    Row(
        "a stall before the handshake",
        raw(_deaf),
        TIMEOUT,
        "no answer within {limit}: the time ran out in tls",
        SHAKING,
        [BRIEF],
    ),
    Row(
        "closed after the server's greeting",
        bending(0, bytes, "close"),
        TLS,
        "no TLS with {host}: it broke off the handshake",
        SHAKING,
    ),
    Row(
        "reset in the server's certificate",
        bending(2, bytes, "reset"),
        TLS,
        "no TLS with {host}: it broke off the handshake: connection reset by peer",
        SHAKING,
    ),
    Row(
        "a greeting with a wrong byte",
        bending(0, lambda r: r[:9] + b"\x09" + r[10:]),
        TLS,
        "no TLS with {host}: what it says makes no sense (…",
        SHAKING,
    ),
    Row(
        "a certificate with a wrong byte",
        bending(2, _flip),
        TLS,
        "no TLS with {host}: what it says makes no sense (…",
        SHAKING,
    ),
    Row(
        "a wrong byte in the answer",
        bending(8, _flip),
        TLS,
        "TLS with {host} broke before an answer came: what it says makes no sense (…",
        ASKED_TLS,
    ),
    Row(
        "TLS on a plain port",
        plainly(secured(_goodbye)),
        PROTOCOL,
        "{host} closed the connection without answering",
        "connect send processing",
    ),
    Row(
        "TLS's alert on a plain port",
        plainly(replies(alert(40))),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it speaks TLS",
        BEGUN,
    ),
    Row(
        "a goodbye instead of an answer",
        secured(_goodbye),
        PROTOCOL,
        "{host} closed the connection without answering",
        ASKED_TLS,
    ),
    Row(
        "a reset instead of an answer, TLS",
        secured(_reset_after),
        PROTOCOL,
        "{host} reset the connection before an answer came",
        ASKED_TLS,
    ),
    Row("cut in the body, TLS", secured(_half), PROTOCOL, "the answer of {host} was cut off after 43 bytes", BEGUN_TLS),
    Row(
        "silence after the handshake",
        secured(_silent),
        TIMEOUT,
        "no answer within {limit}: the time ran out in processing",
        ASKED_TLS,
        [BRIEF],
    ),
]
UNKNOWN = Row(
    "a client's certificate wanted, TLS 1.3",
    shows(valid, wants_certificate(V13)),
    TLS,
    "TLS with {host} broke before an answer came: it wants a certificate from its clients",
    ASKED_TLS,
)
"""In TLS 1.3 the server says so after the handshake: whether the request was on its way by then is chance."""
