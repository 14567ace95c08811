"""`POST /api/v1/runs`: records, one JSON line each, compressed or not. A batch is on disk when its answer leaves.

A batch that cannot be read is refused whole, with the line that is to blame: the agent splits it. Records that can be
read but will never be taken are told one by one in the answer.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from aiohttp import ClientError, web
from msgspec import Struct
from msgspec.structs import replace

from probe.hub.access import TOKEN
from probe.hub.answers import BUSY_S, Refusal, answer
from probe.hub.facts import Appended, Store, Token
from probe.hub.inflate import TooLarge, inflate
from probe.hub.sender import seen_from
from probe.model.duration import NANOSECONDS
from probe.model.record import GapRecord, Heartbeat, Record, RunRecord, SlotsRecord, decode_record
from probe.model.result import Run

Done = TypeVar("Done")

log = logging.getLogger("probe.hub")


class Limits(Struct, frozen=True):
    """What a request may cost. Together they bound the memory: `at_once` × `received`, and one batch unpacked."""

    received: int = 8 * 2**20
    """Bytes of the body as it comes."""
    unpacked: int = 16 * 2**20
    records: int = 10_000
    line: int = 4 * 2**20
    """Bytes of a record: it is read in one go, while everyone else waits."""
    at_once: int = 8
    """Requests whose body is being received or waits to be written."""
    patience_ns: int = 30 * NANOSECONDS["s"]
    """How long a body may take to come."""


class Refused(Struct, frozen=True):
    key: str
    reason: str


class Taken(Struct, frozen=True, omit_defaults=True):
    """The answer to a batch: every record of it is one of these."""

    new: int
    duplicate: int
    quarantined: int
    refused: list[Refused]
    region: str = ""
    agent: str = ""
    """Whose all of it is, as the token says; empty without a token."""
    overruled: int = 0
    """Records that said of themselves that they are somebody else's."""
    seen_from: str = ""
    """The address the batch came from, as far as the hub can tell: the agent cannot know it otherwise."""
    stop_writes: str | None = None
    """Why no agent may write; empty when all may."""


class Ingest:
    """One thread reads and writes batches, in the order they came: SQLite has one writer anyway."""

    def __init__(
        self,
        store: Store,
        limits: Limits,
        now_ns: Callable[[], int] = time.time_ns,
        stop_writes: Callable[[], str] = lambda: "",
    ) -> None:
        self._store = store
        self._stop_writes = stop_writes
        self._limits = limits
        self._now_ns = now_ns
        self._thread = ThreadPoolExecutor(1, "ingest")
        self._told: set[tuple[int, str, str]] = set()
        self._in_flight = 0

    async def post(self, request: web.Request) -> web.Response:
        if self._in_flight >= self._limits.at_once:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many batches at once", "ask again", retry_s=BUSY_S)
        self._in_flight += 1
        try:
            body = await self._receive(request)
            encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
            taken = await self.in_turn(partial(self._take, body, encoding, request.get(TOKEN)))
            sender = seen_from(request.remote, ",".join(request.headers.getall("X-Forwarded-For", ())))
            return answer(replace(taken, seen_from=sender, stop_writes=self._stop_writes()))
        finally:
            self._in_flight -= 1

    async def in_turn(self, work: Callable[[], Done]) -> Done:
        """What else is to be written takes its turn among the batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        self._thread.shutdown()

    async def _receive(self, request: web.Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.patience_ns / NANOSECONDS["s"]):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > self._limits.received:
                        raise _too_large(self._limits.received, "bytes")
        except TimeoutError:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "the batch did not come in time", "send it again") from None
        except (ClientError, OSError) as error:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, f"the batch broke off: {error}", "send it again") from None
        return bytes(body)

    def _take(self, body: bytes, encoding: str, token: Token | None) -> Taken:
        records = self._read(body, encoding)
        if token is None:
            return _taken(self._store.append(records, now_ns=self._now_ns()))
        owned = [_owned(record, token) for record in records]
        odd = [record for record, own in zip(records, owned, strict=True) if own is not record]
        for record in odd:
            self._tell(record, token)
        taken = _taken(self._store.append(owned, now_ns=self._now_ns()))
        return replace(taken, region=token.region, agent=token.agent, overruled=len(odd))

    def _tell(self, record: Record, token: Token) -> None:
        """Once of each stranger."""
        named = _named(record)
        key = (token.id, named.region, named.agent)
        if key not in self._told:
            self._told.add(key)
            log.warning(
                "token %d is of %s in %s: what %.100s in %.100s sends with it is kept as theirs",
                token.id,
                token.agent,
                token.region,
                named.agent,
                named.region,
            )

    def _read(self, body: bytes, encoding: str) -> list[Record]:
        try:
            text = inflate(body, encoding, self._limits.unpacked)
        except TooLarge:
            raise _too_large(self._limits.unpacked, "bytes unpacked") from None
        except ValueError as error:
            hint = "send records, one JSON line each, compressed as Content-Encoding says"
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the body cannot be unpacked: {error}", hint) from None
        if text.count(b"\n") >= self._limits.records:
            raise _too_large(self._limits.records, "lines")
        lines = text.split(b"\n")
        if max(map(len, lines)) > self._limits.line:
            raise _too_large(self._limits.line, "bytes in a line")
        return [_record(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _record(number: int, line: bytes) -> Record:
    try:
        return decode_record(line)
    except (ValueError, RecursionError) as error:
        hint = "nothing of the batch was taken: send it without this line"
        raise Refusal(HTTPStatus.BAD_REQUEST, f"line {number} is no record: {error}", hint) from None


def _taken(appended: Appended) -> Taken:
    refused = [Refused(key, reason) for key, reason in appended.refused]
    return Taken(appended.new, appended.duplicate, appended.quarantined, refused)


def _named(record: Record) -> Run | SlotsRecord | GapRecord | Heartbeat:
    return record.run if isinstance(record, RunRecord) else record


def _owned(record: Record, token: Token) -> Record:
    """As the credential has it, whatever the record says of itself."""
    named = _named(record)
    if (named.region, named.agent) == (token.region, token.agent):
        return record
    if isinstance(record, RunRecord):
        return RunRecord(replace(record.run, region=token.region, agent=token.agent))
    return replace(record, region=token.region, agent=token.agent)


def _too_large(limit: int, of: str) -> Refusal:
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {limit} {of}", "send smaller batches")
