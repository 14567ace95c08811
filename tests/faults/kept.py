"""Connections that are kept, and what servers do to them between two requests."""

import asyncio

from probe.model.result import Cause
from tests.faults.row import BEGUN, KEPT, POST, TWICE, Ground, Row, Scene, Where, reset, talks

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
BRIEFLY = (TWICE[0], "{name: look, timeout: LIMIT, http: {get: '${shop}'}}")
POSTING = (TWICE[0], POST)
WRITING = (TWICE[0], "{name: look, effect: write, http: {post: '${shop}', body: x}}")
PATIENT = (TWICE[0], "{name: between, http: {get: '${other}'}}", TWICE[1])


def then(second: bytes | None, *, first: bytes = OK, end: str = "close") -> Scene:
    """Each connection answers one request, and has that for the next one; only the first has another answer."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first if connections == 1 else OK)
        await reader.readuntil(b"\r\n\r\n")
        if second is not None:
            writer.write(second)
            await writer.drain()
        if end == "reset":
            reset(writer)
        elif end == "stay":
            await reader.read()

    return talks(talk)


async def _unasked(ground: Ground) -> Where:
    """After its first answer it says that it waited long enough; only then the other one answers what comes between."""
    said = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await asyncio.sleep(0.05)  # in a segment of its own
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        said.set()
        await reader.readuntil(b"\r\n\r\n")

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await said.wait()
        writer.write(OK)

    return Where(await ground.serve(talk), environ={"OTHER": await ground.serve(other)})


PROTOCOL, TIMEOUT = Cause.PROTOCOL, Cause.TIMEOUT
ROWS = [
    Row("kept", then(OK), None, "", KEPT, TWICE),
    Row("closed as the next request comes", then(None), None, "", BEGUN, TWICE, 2),
    Row("reset as the next request comes", then(None, end="reset"), None, "", BEGUN, TWICE, 2),
    Row(
        "closed as a request comes that may not be repeated",
        then(None),
        PROTOCOL,
        "{host} closed the connection without answering",
        "send processing",
        POSTING,
    ),
    Row("a write never goes over a kept connection", then(None), None, "", BEGUN, WRITING),
    Row(
        "closed in the next answer",
        then(b"HTTP/1.1 200 O"),
        PROTOCOL,
        "{host} closed the connection after 14 bytes, in the head of its answer",
        KEPT,
        TWICE,
    ),
    Row(
        "silent from the second request on",
        then(None, end="stay"),
        TIMEOUT,
        "no answer within {limit}: the time ran out in processing",
        "send processing",
        BRIEFLY,
    ),
    Row(
        "garbage as the second answer",
        then(b"\1\2\3\4\r\n\r\n"),
        PROTOCOL,
        "{host} answered with something that is not HTTP: it begins with '\\x01\\x02\\x03\\x04'",
        KEPT,
        TWICE,
    ),
    Row(
        "Connection: close and left open",
        then(OK, first=OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), end="stay"),
        None,
        "",
        BEGUN,
        TWICE,
    ),
    Row("HTTP/1.0 and left open", then(OK, first=OK.replace(b"1.1", b"1.0"), end="stay"), None, "", BEGUN, TWICE),
    Row("an answer nobody asked for", _unasked, None, "", BEGUN, PATIENT),
    Row("bytes after the answer", then(None, first=OK + b"and more"), None, "", BEGUN, TWICE),
    Row("another answer after the answer", then(None, first=OK + b"HTTP/1.1 500 No\r\n\r\n"), None, "", BEGUN, TWICE),
]
