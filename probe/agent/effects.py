"""What an agent's writes may do, and what they left behind."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from probe.agent.clock import Clock
from probe.agent.planned import Planned
from probe.durable.folder import FolderError
from probe.durable.transactions import Transactions
from probe.export.text import cut
from probe.model.journey import Budget
from probe.model.result import Run
from probe.model.slot import Reason
from probe.safety import budget, journal, switch
from probe.safety.journal import Entry, open_journal

_LONGEST_REASON = 150

log = logging.getLogger("probe.agent")


class Effects:
    """The journal and the budgets of a state folder, opened when the first journey that writes asks for them."""

    def __init__(self, folder: Path, clock: Clock, kill_switch: Callable[[], Path | None] = lambda: None) -> None:
        self.open = 0
        """Writes that are to be undone, at the last look."""
        self.leaked = 0
        """Those that were tried to be undone as often as it goes: a person must look at them."""
        self._folder = folder
        self._clock = clock
        self._kill_switch = kill_switch
        self._live: set[str] = set()
        self._journal: Transactions | None = None
        self._opening = asyncio.Lock()

    async def journal(self) -> Transactions:
        """FolderError when it cannot be used: nothing may be written then."""
        async with self._opening:
            if self._journal is None:
                self._journal = await open_journal(self._folder)
        return self._journal

    @property
    def is_there(self) -> bool:
        """Whether there may be something to undo."""
        return self._journal is not None or (self._folder / journal.FILE).exists()

    @property
    def notices(self) -> tuple[str, ...]:
        """What the centre should know."""
        told = f"{self.leaked} writes could not be undone: a person must look at them" if self.leaked else ""
        return tuple(filter(None, (told, self.stopped())))

    async def close(self) -> None:
        if self._journal is not None:
            await self._journal.close()
            self._journal = None

    def stopped(self) -> str:
        """Why nothing may be written now; empty when it may."""
        named = self._kill_switch()
        files = (self._folder / switch.FILE, *([named] if named else []), self._folder / switch.FROM_HUB)
        return next(filter(None, map(switch.stopped_by, files)), "")

    def obey(self, reason: str) -> None:
        """The hub says why no agent may write; nothing when all may. It holds until the hub says otherwise."""
        path = self._folder / switch.FROM_HUB
        before = switch.stopped_by(path)
        try:
            if reason and switch.reason_of(path) != (told := cut(f"by the hub: {reason}", _LONGEST_REASON)):
                switch.stop(path, told)
            elif not reason and before:
                switch.allow(path)
        except OSError as error:
            log.error("what the hub says of writes cannot be kept: %s", error.strerror)
        if bool(before) is not bool(reason):
            log.warning("the hub %s", f"stops all writes: {reason}" if reason else "lets agents write again")

    def may_write(self, run_id: str) -> bool:
        """Whether the run was admitted to write, with what its budget needs reserved."""
        return run_id in self._live

    async def admit(self, planned: Planned, run_id: str) -> Reason | None:
        """Reserves what the run may write; or gives why its slot is skipped. What is admitted is `over` some time.

        While writes are stopped a run is admitted to read: it has nothing reserved, should the switch go off meanwhile.
        """
        if stopped := self.stopped():
            if planned.begins_with_a_write:
                log.warning("%s: %s", planned.journey.name, stopped)
                return Reason.STOPPED
            return None
        if why := await self._reserve(planned, run_id):
            log.warning("%s may not write: %s", planned.journey.name, why)
            return Reason.BUDGET
        self._live.add(run_id)
        return None

    async def _reserve(self, planned: Planned, run_id: str) -> str:
        """Why the run may not write; empty when it may. Without a budget it needs a journal at least."""
        allowed, now = planned.budget or Budget(), self._stamp()
        try:
            database = await self.journal()
            return await database.run(
                lambda connection: budget.reserve(connection, planned.journey, run_id, allowed, now)
            )
        except FolderError as error:
            return str(error)
        except sqlite3.Error as error:
            return f"{journal.FILE} takes no writes: {error}"

    async def over(self, run_id: str, run: Run | None) -> None:
        """What the run did not write is given back; what it left behind may be undone by others from now on."""
        self._live.discard(run_id)
        if self._journal is None:
            return
        with suppress(sqlite3.Error):  # then the reservation stands: less is written, never more
            if run is not None and run.run_id == run_id and not run.effects:
                await self._journal.run(lambda connection: budget.give_back(connection, run_id))
            await self._count(self._journal)

    async def to_undo(self) -> list[Entry]:
        """What no run that goes on has written, and whose turn it is."""
        if not self.is_there:
            return []
        database, now = await self.journal(), self._stamp()

        def due(connection: sqlite3.Connection) -> list[Entry]:
            journal.forget(connection, now.wall_ns)
            budget.forget(connection, now)
            return journal.to_undo(connection, now.wall_ns)

        found = await database.run(due)
        await self._count(database)
        return [entry for entry in found if entry.run_id not in self._live]

    async def put(self, entry: Entry) -> None:
        """Unless somebody closed it meanwhile (`probe journal --close`): that is the last word."""

        def entered(connection: sqlite3.Connection) -> None:
            found = journal.find(connection, entry.key)
            if found is None or found.needs_attention:
                journal.put(connection, entry)

        database = await self.journal()
        await database.run(entered)
        await self._count(database)

    async def _count(self, database: Transactions) -> None:
        self.open, self.leaked = await database.read(journal.attention)

    def _stamp(self) -> budget.Stamp:
        now = self._clock.read()
        return budget.Stamp(now.wall_ns, now.boot_ns, budget.boot_id())
