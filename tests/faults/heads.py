"""Status lines and headers that are wrong, or only look so."""

import asyncio

from probe.model.result import Cause
from tests.faults.row import ASKED, BEGUN, BRIEF, Row, answers, talks

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


async def _endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    while True:
        writer.write(b"X-More: and more\r\n")
        await writer.drain()
        await asyncio.sleep(0)


async def _endless_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 ")
    while True:
        writer.write(b"O" * 8000)
        await writer.drain()


async def _interim_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10)
        await writer.drain()
        await asyncio.sleep(0.01)


async def _slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    for byte in OK + b"X: " + b"x" * 1000:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.05)


PROTOCOL, STATUS, TIMEOUT = Cause.PROTOCOL, Cause.STATUS, Cause.TIMEOUT

ROWS = [
    Row("nothing at all", answers(), PROTOCOL, "{host} closed the connection without answering", ASKED),
    Row(
        "reset instead of an answer",
        answers(end="reset"),
        PROTOCOL,
        "{host} reset the connection before an answer came",
        ASKED,
    ),
    Row(
        "half-closed without an answer",
        answers(end="half"),
        PROTOCOL,
        "{host} closed the connection without answering",
        ASKED,
    ),
    Row(
        "garbage before the status line",
        answers(b"\0\1\2garbage\r\n" + OK + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with '\\x00\\x01\\x02garbage'",
        BEGUN,
    ),
    Row("blank lines before the status line", answers(b"\r\n\r\n" + OK + EMPTY), None, "", BEGUN),
    Row(
        "another protocol's greeting",
        answers(b"SSH-2.0-OpenSSH_9.2\r\n"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with 'SSH-2.0-OpenSSH_9.2'",
        BEGUN,
    ),
    Row(
        "a mail server",
        answers(b"220 mail.example ESMTP\r\n", end="stay"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with '220 mail.example ESMTP'",
        BEGUN,
    ),
    Row(
        "HTTP/0.9",
        answers(b"<html>hello</html>"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with '<html>hello</html>'",
        BEGUN,
    ),
    Row("HTTP/1.0", answers(b"HTTP/1.0 200 OK\r\n\r\nhello"), None, "", BEGUN),
    Row(
        "a version that does not exist",
        answers(b"HTTP/3.7 200 OK\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid HTTP version: 'HTTP/3.7 200 OK'",
        BEGUN,
    ),
    Row(
        "HTTP/2 unasked",
        answers(b"\0\0\x12\4\0\0\0\0\0" + bytes(18)),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with '\\x00\\x00\\x12…",
        BEGUN,
    ),
    Row(
        "a version without a number",
        answers(b"HTTP/x 200 OK\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid major version: 'HTTP/x 200 OK'",
        BEGUN,
    ),
    Row("no reason", answers(b"HTTP/1.1 200\r\n" + EMPTY), None, "", BEGUN),
    Row(
        "a status that is a word",
        answers(b"HTTP/1.1 abc OK\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid status code: 'HTTP/1.1 abc OK'",
        BEGUN,
    ),
    Row(
        "status 99",
        answers(b"HTTP/1.1 99 Low\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid status code: 'HTTP/1.1 99 Low'",
        BEGUN,
    ),
    Row(
        "status 099",
        answers(b"HTTP/1.1 099 Low\r\n" + EMPTY),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 99",
        BEGUN,
    ),
    Row(
        "status 000",
        answers(b"HTTP/1.1 000 Zero\r\n" + EMPTY),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 0",
        BEGUN,
    ),
    Row(
        "status 999",
        answers(b"HTTP/1.1 999 High\r\n" + EMPTY),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 999",
        BEGUN,
    ),
    Row(
        "status 1000",
        answers(b"HTTP/1.1 1000 Higher\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid response status: 'HTTP/1.1 1000 Higher'",
        BEGUN,
    ),
    Row(
        "status -1",
        answers(b"HTTP/1.1 -1 Low\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid status code: 'HTTP/1.1 -1 Low'",
        BEGUN,
    ),
    Row(
        "protocols switched unasked",
        answers(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nxx"),
        STATUS,
        "status: expected 2xx (no check says otherwise), got 101",
        BEGUN,
    ),
    Row("an interim answer first", answers(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + EMPTY), None, "", BEGUN),
    Row(
        "only an interim answer",
        answers(b"HTTP/1.1 103 Hints\r\n\r\n"),
        PROTOCOL,
        "{host} closed the connection after 22 bytes, in the head of its answer",
        BEGUN,
    ),
    Row(
        "interim answers without end",
        talks(_interim_without_end),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row("a status line in two pieces", answers(b"HTTP/1.", b"1 200 OK\r\n" + EMPTY), None, "", BEGUN),
    Row(
        "a status line and nothing more",
        answers(OK),
        PROTOCOL,
        "{host} closed the connection after 17 bytes, in the head of its answer",
        BEGUN,
    ),
    Row(
        "half a status line",
        answers(b"HTTP/1.1 2"),
        PROTOCOL,
        "{host} closed the connection after 10 bytes, in the head of its answer",
        BEGUN,
    ),
    Row(
        "reset in the status line",
        answers(b"HTTP/1.1 2", end="reset"),
        PROTOCOL,
        "{host} reset the connection after 10 bytes of the answer",
        BEGUN,
    ),
    Row(
        "half a header",
        answers(OK + b"Content-Le"),
        PROTOCOL,
        "{host} closed the connection after 27 bytes, in the head of its answer",
        BEGUN,
    ),
    Row(
        "a stall in the headers",
        answers(OK + b"Content-Le", end="stay"),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "headers a byte at a time",
        talks(_slowly),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
    Row(
        "headers without end",
        talks(_endless_headers),
        PROTOCOL,
        "{host} answered with something that is not HTTP: too many headers received",
        BEGUN,
    ),
    Row(
        "a status line without end",
        talks(_endless_line),
        PROTOCOL,
        "{host} answered with something that is not HTTP: a line of its head is too long",
        BEGUN,
    ),
    Row(
        "a header without a colon",
        answers(OK + b"What is this\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid header token: 'What is this'",
        BEGUN,
    ),
    Row(
        "a header without a name",
        answers(OK + b": value\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid header token: ': value'",
        BEGUN,
    ),
    Row(
        "a blank before the colon",
        answers(OK + b"X-A : 1\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid header token: 'X-A : 1'",
        BEGUN,
    ),
    Row(
        "a nul in a header's value",
        answers(OK + b"X-A: a\0b\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid HTTP header: 'a\\x00b'",
        BEGUN,
    ),
    Row(
        "a nul in a header's name",
        answers(OK + b"X\0A: 1\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: invalid header token: 'X\\x00A: 1'",
        BEGUN,
    ),
    Row("a header that is no UTF-8", answers(OK + b"X-A: \xff\xfe\r\n" + EMPTY), None, "", BEGUN),
    Row("a folded header", answers(OK + b"X-A: one\r\n two\r\n" + EMPTY), None, "", BEGUN),
    Row("a header of 60 KiB", answers(OK + b"X: " + b"x" * 60_000 + b"\r\n" + EMPTY), None, "", BEGUN),
    Row(
        "a header of 100 KB",
        answers(OK + b"X: " + b"x" * 100_000 + b"\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: a line of its head is too long",
        BEGUN,
    ),
    Row("a hundred headers", answers(OK + b"X: y\r\n" * 100 + EMPTY), None, "", BEGUN),
    Row(
        "10,000 headers",
        answers(OK + b"X: y\r\n" * 10_000 + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: too many headers received",
        BEGUN,
    ),
    Row("lines that end in LF", answers(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"), None, "", BEGUN),
    Row(
        "lines that end in CR",
        answers(b"HTTP/1.1 200 OK\rContent-Length: 2\r\rhi"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: expected LF after CR: 'HTTP/1.1 200 OK…",
        BEGUN,
    ),
    Row(
        "a header with a stray CR",
        answers(OK + b"X-A: a\rb\r\n" + EMPTY),
        PROTOCOL,
        "{host} answered with something that is not HTTP: missing expected LF after header value: 'X-A: a\\rb'",
        BEGUN,
    ),
    Row(
        "a request instead",
        answers(b"GET / HTTP/1.1\r\nHost: you\r\n\r\n"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with 'GET / HTTP/1.1'",
        BEGUN,
    ),
    Row(
        "a charset that is none",
        answers(OK + b"Content-Type: text/html; charset=klingon\r\nContent-Length: 2\r\n\r\nhi"),
        None,
        "",
        BEGUN,
    ),
    Row(
        "a charset that is no text",
        answers(OK + b"Content-Type: text/html; charset=zip\r\nContent-Length: 2\r\n\r\nhi"),
        None,
        "",
        BEGUN,
    ),
    Row(
        "a content type that is none",
        answers(OK + b'Content-Type: ;;;="\r\nContent-Length: 2\r\n\r\nhi'),
        None,
        "",
        BEGUN,
    ),
]
