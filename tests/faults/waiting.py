"""Time that runs out, phase by phase."""

import asyncio

from probe.model.result import Cause
from tests.faults import connecting, handshakes, names
from tests.faults.row import (
    ASKED,
    BEGUN,
    BIG,
    BRIEF,
    CONNECTING,
    NAMED,
    SHAKING,
    Row,
    answers,
    talks,
)
from tests.wire.names import SILENCE

TIMEOUT = Cause.TIMEOUT


async def _reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _reads_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(30)


async def _answers_and_reads_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await asyncio.sleep(30)


async def _refuses_the_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers, and closes with the rest of the request unread, so that its kernel resets the connection."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


ROWS = [
    Row(
        "in resolve",
        names.told(SILENCE),
        TIMEOUT,
        "no answer within {limit}: the time ran out in resolve",
        NAMED,
        [BRIEF],
    ),
    Row(
        "in connect",
        connecting.full,
        TIMEOUT,
        "no answer within {limit}: the time ran out in connect",
        CONNECTING,
        [BRIEF],
    ),
    Row(
        "in tls",
        handshakes.replies(end="stay"),
        TIMEOUT,
        "no answer within {limit}: the time ran out in tls",
        SHAKING,
        [BRIEF],
    ),
    Row(
        "in processing",
        answers(end="stay"),
        TIMEOUT,
        "no answer within {limit}: the time ran out in processing",
        ASKED,
        [BRIEF],
    ),
    Row(
        "in transfer",
        answers(b"HTTP/1.1 200 OK\r\n", end="stay"),
        TIMEOUT,
        "no whole answer within {limit}: the time ran out in transfer",
        BEGUN,
        [BRIEF],
    ),
]
LARGE = [
    Row(
        "in send",
        talks(_reads_nothing),
        TIMEOUT,
        "no answer within {limit}: the time ran out in send",
        "connect send",
        [BIG],
    ),
    Row(
        "in send, after the head",
        talks(_reads_the_head),
        TIMEOUT,
        "no answer within {limit}: the time ran out in send",
        "connect send",
        [BIG],
    ),
    Row(
        "in send, over TLS",
        handshakes.secured(_reads_nothing),
        TIMEOUT,
        "no answer within {limit}: the time ran out in send",
        "resolve connect tls send",
        [BIG],
    ),
    Row(
        "answered before all was sent",
        talks(_answers_and_reads_nothing),
        Cause.STATUS,
        "status: expected 2xx (no check says otherwise), got 413",
        BEGUN,
        [BIG],
    ),
    Row(
        "answered and reset before all was sent",
        talks(_refuses_the_body),
        Cause.STATUS,
        "status: expected 2xx (no check says otherwise), got 413",
        BEGUN,
        [BIG],
    ),
]
"""A request that no buffer holds."""
