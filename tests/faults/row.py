"""What a row of the table of faults is: a scene that misbehaves, and what a journey that walks into it must end in."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from probe.model.codec import decode_run, encode_run
from probe.model.duration import format_duration, parse_duration
from probe.model.journey import Journey
from probe.model.result import Cause, Run, Trigger, Verdict
from probe.model.timing import Phase
from probe.runner import run_journey
from probe.settings import NAMESERVERS, Settings
from probe.spec.load import read_journey
from probe.spec.source import Source

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]

HEAD: Final = """\
journey: row
variables:
  shop: ${env("SHOP")}
  other: ${env("OTHER") | default("")}
  big: ${env("BIG") | default("")}
"""
LOOK: Final = "{name: look, http: {get: '${shop}'}}"
BRIEF: Final = "{name: look, timeout: LIMIT, http: {get: '${shop}'}}"
"""Only for what never answers."""
BIG: Final = "{name: look, timeout: LIMIT, http: {put: '${shop}', body: '${big}'}}"
POST: Final = "{name: look, http: {post: '${shop}', body: x}}"
LARGE: Final = 20_000_000
"""Bytes: more than all buffers between here and there."""
FOLLOW: Final = "{name: look, timeout: 20s, http: {get: '${shop}', follow: 5}}"
TWICE: Final = "{name: first, http: {get: '${shop}'}}", "{name: look, http: {get: '${shop}'}}"

NAMED: Final = "resolve"
CONNECTING: Final = "connect"
SHAKING: Final = "resolve connect tls"
ASKED: Final = "connect send processing"
BEGUN: Final = "connect send processing transfer"
ASKED_TLS: Final = "resolve connect tls send processing"
BEGUN_TLS: Final = "resolve connect tls send processing transfer"
KEPT: Final = "send processing transfer"


class Where(NamedTuple):
    """Where a journey finds the scene, and how."""

    url: str
    trust: ssl.SSLContext | None = None
    environ: Mapping[str, str] = {}

    def spelt(self, message: str, limit_ns: int) -> str:
        """With its own addresses and that limit in the place of the words for them."""
        nameserver, limit = self.environ.get(NAMESERVERS, ""), format_duration(limit_ns)
        spelt = message.replace("{host}", urlsplit(self.url).netloc).replace("{nameserver}", nameserver)
        return spelt.replace("{limit}", limit)


class Ground(NamedTuple):
    """What scenes are built on; it is cleared after the row."""

    serve: Serve
    stack: AsyncExitStack


Scene = Callable[[Ground], Awaitable[Where]]


class Row(NamedTuple):
    """`message` is the whole of it, or ends in … ; `phases` are those of the last exchange, `other` left out."""

    name: str
    scene: Scene
    cause: Cause | None
    message: str
    phases: str
    steps: Sequence[str] = (LOOK,)
    exchanges: int = 1
    """Of the last step that was performed."""

    @property
    def ends_by_time(self) -> bool:
        return self.cause is Cause.TIMEOUT


class Seen(NamedTuple):
    verdict: Verdict
    cause: Cause | None
    message: str
    phases: str
    exchanges: int


def expected(row: Row, where: Where, limit_ns: int) -> Seen:
    verdict = row.cause.verdict if row.cause else Verdict.PASSED
    return Seen(verdict, row.cause, where.spelt(row.message, limit_ns), row.phases, row.exchanges)


async def seen(row: Row, serve: Serve, limit: str = "1s") -> tuple[Seen, Seen]:
    """What was expected of the row, and what came. `limit` is for the steps that nothing else ends."""
    async with AsyncExitStack() as stack:
        where = await row.scene(Ground(serve, stack))
        run = await run_journey(_journey(row.steps, limit), _settings(where, row.steps))
    wanted = expected(row, where, parse_duration(limit))
    step = [each for each in run.steps if each.verdict is not Verdict.SKIPPED][-1]
    exchanges = step.attempts[-1].exchanges
    _assert_whole(run)
    message = step.failure.message if step.failure else ""
    if wanted.message.endswith("…") and message.startswith(wanted.message[:-1]):
        message = wanted.message
    phases = " ".join(phase for phase in exchanges[-1].phases if phase is not Phase.OTHER) if exchanges else ""
    return wanted, Seen(run.verdict, step.failure.cause if step.failure else None, message, phases, len(exchanges))


def _journey(steps: Sequence[str], limit: str) -> Journey:
    lines = "".join(f"  - {step}\n" for step in steps).replace("LIMIT", limit)
    return read_journey(Source("row.yaml", f"{HEAD}steps:\n{lines}"))


def _settings(where: Where, steps: Sequence[str]) -> Settings:
    environ = {"SHOP": where.url, "BIG": "x" * LARGE if BIG in steps else "", **where.environ}
    return Settings(trigger=Trigger.MANUAL, region="here", agent="me", environ=environ, tls=where.trust)


def _assert_whole(run: Run) -> None:
    """What holds of every record, whatever happened."""
    assert decode_run(encode_run(run)) == run
    for step in run.steps:
        for attempt in step.attempts:
            _assert_adds_up(attempt.phases, attempt.duration_ns)
            for exchange in attempt.exchanges:
                _assert_adds_up(exchange.phases, exchange.duration_ns)


def _assert_adds_up(phases: Mapping[Phase, int], duration_ns: int) -> None:
    assert sum(phases.values()) == duration_ns
    assert min(phases.values(), default=0) >= 0


# --- scenes


def at(url: str) -> Scene:
    """Nothing is there that we built."""

    async def scene(ground: Ground) -> Where:
        return Where(url)

    return scene


def answers(*pieces: bytes, end: str = "close") -> Scene:
    """A server that reads a request, says the pieces, and then closes, resets, stays or ends only its own direction."""
    return talks(saying(*pieces, end=end))


def talks(talk: Talk) -> Scene:
    async def scene(ground: Ground) -> Where:
        return Where(await ground.serve(talk))

    return scene


def saying(*pieces: bytes, end: str = "close") -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        await finish(reader, writer, end)

    return talk


async def finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: str) -> None:
    match end:
        case "reset":
            reset(writer)
        case "stay":
            await reader.read()
        case "half":
            writer.write_eof()
            await reader.read()


def reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
