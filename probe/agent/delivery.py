"""Delivery: what waits in the spool goes to the other side of an exporter, batch by batch, however long that takes."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from msgspec import Struct

from probe.agent.clock import Clock
from probe.agent.patience import DELIVERING, LONGEST_REASON, STOPPED, WAITING, Patience
from probe.errors import ProbeError
from probe.export.base import Exporter, Surroundings
from probe.export.text import cut
from probe.model.batch import Batch, Outcome, Result
from probe.model.duration import NANOSECONDS, format_duration
from probe.model.instant import datetime_of
from probe.model.status import ExporterStatus
from probe.spool import loss, queue
from probe.spool.database import Database
from probe.spool.loss import Origin
from probe.spool.queue import Depth

MOST_RECORDS = 500
MOST_BYTES = 2**20

SEND_LIMIT_NS = 5 * NANOSECONDS["m"]
"""An exporter has its own, shorter limit. This one is for those that forgot it."""

LAST_TRIES = 3
"""Tries in a row that may fail before what is left stays in the spool for the agent's next start."""

log = logging.getLogger("probe.delivery")


class Route(Struct, frozen=True):
    """From a spool to an exporter's other side."""

    exporter: str
    """The name of its cursor."""
    module: Exporter
    config: Any
    surroundings: Surroundings
    origin: Origin


class Delivery:
    """The delivery of one exporter: `run` is its life, and may be cancelled at any moment; nothing is lost by it."""

    def __init__(
        self,
        database: Database,
        route: Route,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        send_limit_ns: int = SEND_LIMIT_NS,
        heard: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        """`heard` is told of every batch that was taken, for what the other side says beside that."""
        self.route = route
        self._database = database
        self._clock = clock
        self._send_limit_ns = send_limit_ns
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._most = MOST_RECORDS
        self._heard = heard
        self._patience = Patience(route.exporter, clock, chance)
        self._proven = False
        """Whether this session has delivered something."""
        self._delivered = 0
        self._delivered_at: datetime | None = None

    def wake(self) -> None:
        """There may be records."""
        self._work.set()

    def hurry(self) -> None:
        """Ends a pause: what stood in the way may have been put right."""
        self._hurry.set()

    async def run(self) -> None:
        """Delivers until it is cancelled."""
        try:
            while True:
                await self._rest(await self._deliver(linger=True) or 0)
        finally:
            self._patience.state = STOPPED

    async def drain(self, limit_ns: int) -> bool:
        """When `run` was cancelled: delivers what is left; whether all of it was.

        It gives up when the time is over, or too short for the next try, or several tries in a row failed.
        """
        until_ns = self._clock.read().monotonic_ns + limit_ns
        try:
            async with asyncio.timeout(limit_ns / 1e9):
                while (pause_ns := await self._deliver(linger=False)) is not None:
                    left_ns = until_ns - self._clock.read().monotonic_ns
                    if self._patience.failures >= LAST_TRIES or pause_ns >= left_ns:
                        return False
                    await self._rest(pause_ns)
        except TimeoutError:
            return False
        finally:
            self._patience.state = STOPPED
        return True

    @property
    def remark(self) -> str:
        """What the other side said of the last batch that it took; mostly nothing."""
        return self._patience.remark

    def status(self, depth: Depth, dropped: Mapping[str, int]) -> ExporterStatus:
        return ExporterStatus(
            exporter=self.route.exporter,
            state=self._patience.state,
            records=depth.records,
            bytes=depth.bytes,
            oldest=depth.oldest,
            delivered=self._delivered,
            retries=self._patience.retries,
            dropped=dict(dropped),
            reason=self._patience.remark or self._patience.reason,
            delivered_at=self._delivered_at,
        )

    async def _deliver(self, *, linger: bool) -> int | None:
        """Batch after batch in one session, until something is in the way: for how long to leave it alone.

        None when nothing is left; one that lingers waits for more instead.
        """
        route = self.route
        self._proven = False
        try:
            async with route.module.open_session(route.config, route.surroundings) as session:
                batch = await self._look()
                while batch is not None or linger:
                    if batch is None:
                        batch = await self._await_work()
                        continue
                    pause_ns, batch = await self._settle(batch, await self._send(batch, session))
                    if pause_ns is not None:
                        return pause_ns
                return None
        except ProbeError as error:
            return self._stumble(Outcome(Result.PAUSED, str(error)))
        except Exception as error:  # an exporter's mistake, or the disk's, is told and tried again
            log.debug("%s stumbled", route.exporter, exc_info=True)
            return self._stumble(Outcome(Result.RETRY, f"{type(error).__name__}: {error}"))

    async def _look(self) -> Batch | None:
        self._work.clear()
        batch = await self._database.run(self._take)
        if batch is not None and self._patience.state in (WAITING, STOPPED):
            self._patience.state = DELIVERING
        return batch

    async def _await_work(self) -> Batch | None:
        self._patience.state = WAITING
        await self._work.wait()
        return await self._look()

    def _take(self, connection: Connection) -> Batch | None:
        exporter = self.route.exporter
        loss.tell(connection, exporter, self.route.origin, self._clock.read().wall_ns)
        return queue.next_batch(connection, exporter, most=self._most, most_bytes=MOST_BYTES)

    async def _send(self, batch: Batch, session: Any) -> Outcome:
        limit_ns = self._send_limit_ns
        try:
            async with asyncio.timeout(limit_ns / 1e9) as limit:
                return await self.route.module.send(self.route.config, batch, session)
        except TimeoutError:
            if not limit.expired():
                raise  # the exporter's own
            return Outcome(Result.RETRY, f"no outcome within {format_duration(limit_ns)}")

    async def _settle(self, batch: Batch, outcome: Outcome) -> tuple[int | None, Batch | None]:
        """For how long to leave the other side alone; None when the next batch, if there is one, may follow at once."""
        match outcome.result:
            case Result.ACKED:
                return None, await self._acked(batch, outcome)
            case Result.REJECTED if len(batch.lines) > 1:
                await self._database.run(lambda connection: queue.split(connection, batch))
                self._most = len(batch.lines) // 2
                return None, await self._look()
            case Result.REJECTED:
                pause_ns = await self._rejected(batch, outcome)
                return pause_ns, None if pause_ns is not None else await self._look()
        return self._stumble(outcome), None

    async def _acked(self, batch: Batch, outcome: Outcome) -> Batch | None:
        """The batch is settled and the next one taken in one transaction: each waits for the disk."""
        self._most = min(2 * self._most, MOST_RECORDS)
        self._work.clear()
        delivered, following = await self._database.run(
            lambda connection: (loss.settle(connection, batch, outcome.refused), self._take(connection))
        )
        self._delivered += delivered
        self._delivered_at = datetime_of(self._clock.read().wall_ns)
        self._proven = True
        self._patience.took(outcome.reason)
        self._heard(outcome)
        return following

    async def _rejected(self, batch: Batch, outcome: Outcome) -> int | None:
        now_ns = self._clock.read().wall_ns
        reason = cut(outcome.reason, LONGEST_REASON)
        put_aside = await self._database.run(lambda connection: loss.reject(connection, batch, reason, now_ns))
        return self._patience.refused(batch.first, reason) if put_aside else None

    def _stumble(self, outcome: Outcome) -> int:
        """For how long to leave the other side alone."""
        if outcome.result is Result.PAUSED and self._proven:
            return 0  # it took records in this session: a credential that was replaced is read with the next one
        return self._patience.failed(outcome)

    async def _rest(self, nanoseconds: int) -> None:
        await self._clock.sleep(nanoseconds, self._hurry)
        self._hurry.clear()
