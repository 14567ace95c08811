"""Bodies that are not what their headers say, or never end."""

import asyncio
import gzip

from probe.model.result import Cause
from tests.faults.row import BEGUN, BRIEF, Row, Scene, answers, talks

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZIPPED = OK + b"Content-Encoding: gzip\r\n"
PROTOCOL, STATUS, TIMEOUT = Cause.PROTOCOL, Cause.STATUS, Cause.TIMEOUT


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"\r\n")
    while True:
        writer.write(bytes(2**18))
        await writer.drain()


async def _endless_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CHUNKED)
    while True:
        writer.write(b"40000\r\n" + bytes(2**18) + b"\r\n")
        await writer.drain()


async def _tiny_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CHUNKED)
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _endless_trailers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CHUNKED + b"0\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 10)
        await writer.drain()
        await asyncio.sleep(0.001)


async def _endless_extension(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(CHUNKED + b"2;")
    while True:
        writer.write(b"x" * 8000)
        await writer.drain()


async def _slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"Content-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


def _says(head: bytes, body: bytes = b"", end: str = "close") -> Scene:
    return answers(OK + head + b"\r\n\r\n" + body, end=end)


def _zipped(body: bytes) -> bytes:
    return ZIPPED + b"Content-Length: %d\r\n\r\n" % len(body) + body


ROWS = [
    Row(
        "shorter than its length",
        _says(b"Content-Length: 9", b"hello"),
        PROTOCOL,
        "the answer of {host} was cut off after 43 bytes",
        BEGUN,
    ),
    Row("longer than its length", _says(b"Content-Length: 2", b"hello"), None, "", BEGUN),
    Row(
        "a stall in the body",
        _says(b"Content-Length: 9", b"hello", "stay"),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "half-closed in the body",
        _says(b"Content-Length: 9", b"hello", "half"),
        PROTOCOL,
        "the answer of {host} was cut off after 43 bytes",
        BEGUN,
    ),
    Row(
        "reset in the body",
        _says(b"Content-Length: 9", b"hello", "reset"),
        PROTOCOL,
        "the answer of {host} was cut off after 43 bytes: connection reset by peer",
        BEGUN,
    ),
    Row("no length, closed", _says(b"X: y", b"hello"), None, "", BEGUN),
    Row("no length, half-closed", _says(b"X: y", b"hello", "half"), None, "", BEGUN),
    Row(
        "no length, reset",
        _says(b"X: y", b"hello", "reset"),
        PROTOCOL,
        "the answer of {host} was cut off after 30 bytes: connection reset by peer",
        BEGUN,
    ),
    Row(
        "no length, left open",
        _says(b"X: y", b"hello", "stay"),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "no length and no body, left open",
        _says(b"X: y", b"", "stay"),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "a length that is a word",
        _says(b"Content-Length: nine", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid character in Content-Length: 'Content-Length: nine'",
        BEGUN,
    ),
    Row(
        "an empty length",
        _says(b"Content-Length: ", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: empty Content-Length: ''",
        BEGUN,
    ),
    Row(
        "a negative length",
        _says(b"Content-Length: -1", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid character in Content-Length: 'Content-Length: -1'",
        BEGUN,
    ),
    Row(
        "a signed length",
        _says(b"Content-Length: +5", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid character in Content-Length: 'Content-Length: +5'",
        BEGUN,
    ),
    Row(
        "a hexadecimal length",
        _says(b"Content-Length: 0x5", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid character in Content-Length: 'Content-Length: 0x5'",
        BEGUN,
    ),
    Row(
        "a length beyond 64 bits",
        _says(b"Content-Length: " + b"9" * 30, b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: Content-Length overflow: '…",
        BEGUN,
    ),
    Row(
        "a length of an exabyte",
        _says(b"Content-Length: " + b"1" + b"0" * 18, b"hello"),
        PROTOCOL,
        "the answer of {host} was cut off after 61 bytes",
        BEGUN,
    ),
    Row(
        "the same length twice",
        _says(b"Content-Length: 5\r\nContent-Length: 5", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: duplicate Content-Length: 'Content-Length: 5'",
        BEGUN,
    ),
    Row(
        "two lengths",
        _says(b"Content-Length: 5\r\nContent-Length: 4", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: duplicate Content-Length: 'Content-Length: 4'",
        BEGUN,
    ),
    Row(
        "two lengths in one header",
        _says(b"Content-Length: 5, 5", b"hello"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid character in Content-Length: 'Content-Length: 5, 5'",
        BEGUN,
    ),
    Row(
        "a length and chunks",
        _says(b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: Transfer-Encoding can't be present with Content-Length: …",
        BEGUN,
    ),
    Row(
        "an unknown transfer encoding",
        _says(b"Transfer-Encoding: morse", b"hello"),
        PROTOCOL,
        "the answer comes in a transfer coding that nobody asked for: morse",
        BEGUN,
    ),
    Row(
        "chunked twice",
        _says(b"Transfer-Encoding: chunked, chunked", b"0\r\n\r\n"),
        PROTOCOL,
        "the answer comes in a transfer coding that nobody asked for: chunked, chunked",
        BEGUN,
    ),
    Row("chunks, well made", answers(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"), None, "", BEGUN),
    Row("chunks with an extension", answers(CHUNKED + b"5;a=b\r\nhello\r\n0\r\n\r\n"), None, "", BEGUN),
    Row("chunks with trailers", answers(CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), None, "", BEGUN),
    Row(
        "a trailer that is none",
        answers(CHUNKED + b"5\r\nhello\r\n0\r\nno trailer\r\n\r\n"),
        PROTOCOL,
        "the body of the answer of {host} is not HTTP: invalid header token: ''",
        BEGUN,
    ),
    Row(
        "trailers without end",
        talks(_endless_trailers),
        PROTOCOL,
        "the body of the answer of {host} is not HTTP: too many headers received",
        BEGUN,
    ),
    Row(
        "a chunk size that is none",
        answers(CHUNKED + b"xyz\r\nhello\r\n0\r\n\r\n"),
        PROTOCOL,
        "the body of the answer of {host} is not HTTP: invalid character in chunk size: 'xyz'",
        BEGUN,
    ),
    Row(
        "a negative chunk size",
        answers(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n"),
        PROTOCOL,
        "the body of the answer of {host} is not HTTP: invalid character in chunk size: '-5'",
        BEGUN,
    ),
    Row(
        "a chunk beyond 64 bits",
        answers(CHUNKED + b"f" * 20 + b"\r\nhello\r\n0\r\n\r\n"),
        PROTOCOL,
        "the body of the answer of {host} is not HTTP: chunk size overflow: 'ffffffffffffffffffff'",
        BEGUN,
    ),
    Row(
        "a chunk longer than its size",
        answers(CHUNKED + b"2\r\nhello\r\n0\r\n\r\n"),
        PROTOCOL,
        "the body of the answer of {host} is not HTTP: expected LF after chunk data: ''",
        BEGUN,
    ),
    Row(
        "no last chunk, closed",
        answers(CHUNKED + b"5\r\nhello\r\n"),
        PROTOCOL,
        "the answer of {host} was cut off after 57 bytes",
        BEGUN,
    ),
    Row(
        "no last chunk, left open",
        answers(CHUNKED + b"5\r\nhello\r\n", end="stay"),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "half a chunk",
        answers(CHUNKED + b"9\r\nhel"),
        PROTOCOL,
        "the answer of {host} was cut off after 53 bytes",
        BEGUN,
    ),
    Row(
        "half a chunk, reset",
        answers(CHUNKED + b"9\r\nhel", end="reset"),
        PROTOCOL,
        "the answer of {host} was cut off after 53 bytes: connection reset by peer",
        BEGUN,
    ),
    Row(
        "chunks of a byte, without end",
        talks(_tiny_chunks),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "a body a byte at a time",
        talks(_slowly),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row("a body with a 204", answers(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"), None, "", BEGUN),
    Row(
        "a body that is no gzip",
        answers(_zipped(b"hello")),
        PROTOCOL,
        "the answer of {host} is not gzip, as it says: incorrect header check",
        BEGUN,
    ),
    Row(
        "a gzip whose sum is wrong",
        answers(_zipped(gzip.compress(b"hello")[:-8] + bytes(8))),
        PROTOCOL,
        "the answer of {host} is not gzip, as it says: incorrect data check",
        BEGUN,
    ),
    Row(
        "a deflate that is none",
        answers(OK + b"Content-Encoding: deflate\r\nContent-Length: 3\r\n\r\nxyz"),
        PROTOCOL,
        "the answer of {host} is not deflate, as it says: incorrect header check",
        BEGUN,
    ),
    Row("an unknown encoding", _says(b"Content-Encoding: morse\r\nContent-Length: 5", b"hello"), None, "", BEGUN),
]
GREEDY = [
    Row(
        "a chunk extension without end",
        talks(_endless_extension),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    *(
        Row(name, talks(talk), TIMEOUT, "no whole answer within {limit}: the time ran out in transfer", BEGUN, [BRIEF])
        for name, talk in (("a body without end", _endless), ("chunks without end", _endless_chunks))
    ),
    Row(
        "a gzip bomb",
        answers(_zipped(gzip.compress(bytes(2**26)))),
        PROTOCOL,
        "the answer of {host} unpacks from …",
        BEGUN,
    ),
]
