"""What the agent writes into `runs.db`, in order, whatever the disk says: probing does not stop for a full one."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from sqlite3 import Connection

from msgspec import Struct
from msgspec.structs import replace

from probe.model.record import Record
from probe.spool import queue
from probe.spool.database import Database
from probe.spool.loss import Unwritten

MOST_UNWRITTEN = 2000
"""Changes that wait in memory for the disk. Beyond, the oldest lose their records; the ledger loses nothing."""

log = logging.getLogger("probe.agent")


def _nothing(connection: Connection) -> None:
    pass


class Change(Struct, frozen=True):
    """A change of the ledger and the records that tell of it: on disk together, or not at all."""

    ledger: Callable[[Connection], None] = _nothing
    records: tuple[Record, ...] = ()


class Writer:
    def __init__(self, database: Database, committed: Callable[[], None]) -> None:
        """`committed` is told when records are in the spool."""
        self._database = database
        self._committed = committed
        self._waiting: list[Change] = []
        self._turn = asyncio.Lock()
        self.trouble = ""
        """Why the disk takes nothing; empty when it does."""
        self.lost = Unwritten()
        """What was given up for lack of room, to be told of as a gap."""

    @property
    def unwritten(self) -> int:
        return len(self._waiting)

    async def write(self, change: Change) -> bool:
        """Whether it is on disk. If not it is written as soon as the disk takes it, before any later change."""
        self._waiting.append(change)
        self._give_up_oldest()
        return await self.flush()

    async def flush(self) -> bool:
        """Whether everything is on disk. A caller that is cancelled leaves no change half told of."""
        return await asyncio.shield(self._flush())

    async def _flush(self) -> bool:
        async with self._turn:
            changes = list(self._waiting)
            if changes:
                try:
                    await self._database.run(lambda connection: _commit(connection, changes))
                except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
                    raise  # ours, not the disk's
                except sqlite3.DatabaseError as error:
                    self._stumbled(str(error))
                    return False
                del self._waiting[: len(changes)]
                self._recovered()
                if any(change.records for change in changes):
                    self._committed()
            return True

    def _stumbled(self, reason: str) -> None:
        if not self.trouble:
            log.error("the state folder takes no writes: %s; runs go on, results wait in memory", reason)
        self.trouble = reason

    def _recovered(self) -> None:
        if self.trouble:
            log.warning("the state folder takes writes again")
        self.trouble = ""

    def _give_up_oldest(self) -> None:
        full = [index for index, change in enumerate(self._waiting) if change.records]
        for index in full[: max(len(full) - MOST_UNWRITTEN, 0)]:
            self.lost = self.lost.add(self._waiting[index].records)
            self._waiting[index] = replace(self._waiting[index], records=())


def _commit(connection: Connection, changes: Sequence[Change]) -> None:
    for change in changes:
        change.ledger(connection)
        queue.append(connection, change.records)
