"""The agent: slots become runs, runs go into the spool, and what is in the spool goes to the centre."""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

from probe.agent.clock import Clock, Instant
from probe.agent.control import Controls
from probe.agent.deliveries import Deliveries, enrol
from probe.agent.effects import Effects
from probe.agent.egress import Egress
from probe.agent.load import Loaded, load_agent, unready
from probe.agent.logs import start_logging
from probe.agent.loop_watch import LoopWatch
from probe.agent.records import slots_record
from probe.agent.recover import account_for_killed
from probe.agent.runs import Perform, Runs
from probe.agent.timetable import Begin, Decision, Pass, Rewind, Timetable
from probe.agent.vitals import Vitals
from probe.agent.writer import Change, Writer
from probe.errors import ProbeError, SpecError
from probe.export.text import error_text
from probe.model.batch import Outcome
from probe.model.duration import NANOSECONDS, format_duration
from probe.model.instant import datetime_of
from probe.model.record import SlotsRecord
from probe.runner import run_journey
from probe.safety.secrets import Secrets
from probe.spool import ledger
from probe.spool.database import Database

LONGEST_SLEEP_NS = NANOSECONDS["s"]
"""A clock that was set is noticed within this time."""

_FIXED = ("region", "env", "agent", "state", "listen")
"""What cannot change while the agent runs."""

log = logging.getLogger("probe.agent")


class Agent:
    """One agent on its state folder. `follow_slots` is its life; `stop` and `reload` may be called meanwhile."""

    def __init__(
        self,
        path: Path,
        loaded: Loaded,
        database: Database,
        environ: Mapping[str, str],
        clock: Clock,
        perform: Perform = run_journey,
        secrets: Secrets | None = None,
    ) -> None:
        self.loaded = loaded
        self.clock = clock
        self.environ = environ
        self.secrets = secrets or Secrets(environ, loaded.secret_sources)
        self.database = database
        self.started_at = datetime_of(clock.read().wall_ns)
        self.timetable = Timetable()
        self.egress = Egress(lambda: clock.read().wall_ns)
        self.deliveries = Deliveries(database, loaded, environ, clock, self._hear)
        self.writer = Writer(database, self.deliveries.wake)
        self.controls = Controls(loaded.targets, lambda: clock.read().monotonic_ns)
        self.loop_watch = LoopWatch()
        self.effects = Effects(loaded.state, clock, lambda: self.loaded.kill_switch)
        self.vitals = Vitals()
        self.runs = Runs(
            loaded,
            environ,
            clock,
            self.writer,
            self.timetable,
            self.controls,
            self.loop_watch,
            self.effects,
            self.secrets,
            self.vitals,
            self.egress,
            perform,
        )
        self.notices: list[str] = []
        self.reloads = 0
        self.reload_failures = 0
        self.reloaded_at: datetime | None = None
        self.stopping = False
        self._begun = False
        self._path = path
        self._wake = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._turn = asyncio.Lock()
        """Held while slots are decided about, and while the journeys change."""

    async def begin(self) -> None:
        """Accounts for what the agent before this one left unfinished, and opens the journeys' eras."""
        loaded = self.loaded

        def begun(connection: Connection) -> list[ledger.InFlight]:
            enrol(connection, loaded)
            return account_for_killed(connection, loaded.config)

        for run in await self.database.run(begun):
            log.warning("%s was under way when the agent died; the ledger says so (run %s)", run.journey, run.run_id)
        self.timetable.replace(zip(loaded.planned, await self._open_eras(loaded), strict=True))
        self._begun = True

    @property
    def unready(self) -> str:
        """Why it does not do its work; empty when it does."""
        if self.writer.trouble:
            return f"the state folder takes no writes: {self.writer.trouble}"
        return "stopping" if self.stopping else "" if self._begun else "starting"

    @property
    def all_notices(self) -> tuple[str, ...]:
        """What a person should look at now."""
        return (*self.notices, *self.egress.notices())

    def _hear(self, outcome: Outcome) -> None:
        """What an exporter's other side says beside having taken a batch."""
        if outcome.seen_from:
            self.egress.note(outcome.seen_from)
        if outcome.stop_writes is not None:
            self.effects.obey(outcome.stop_writes)

    def stop(self) -> None:
        """No new slots from now on."""
        self.stopping = True
        self._wake.set()

    async def follow_slots(self) -> None:
        """Runs what is due until the agent is stopped; then sees what runs to its end, or cuts it after the grace."""
        async with asyncio.TaskGroup() as group:
            while not self.stopping:
                async with self._turn:
                    now = self.clock.read()
                    decisions = self.timetable.tick(now)
                    if decisions:
                        await self._carry_out(decisions, now, group)
                await self.clock.sleep(self._pause_ns(), self._wake)
                self._wake.clear()
            await self._finish()

    async def reload(self) -> str | None:
        """Takes the configuration and its journeys in anew, whole or not at all; why not, as text.

        Journeys that did not change are not disturbed: their slots, and runs under way, go on.
        """
        async with self._reloading:
            try:
                loaded = await asyncio.to_thread(load_agent, self._path)
                secrets = Secrets(self.environ, loaded.secret_sources)
                await secrets.refresh()
                self._refuse(loaded, secrets)
                await self._take_in(loaded)
                self.secrets = self.runs.secrets = secrets
            except ProbeError as error:
                return self._stay(error_text(error))
        self.reloads += 1
        self.reloaded_at = datetime_of(self.clock.read().wall_ns)
        self.notices = []
        log.info("%s reloaded: %d journeys", self._path.name, len(loaded.planned))
        self._wake.set()
        return None

    def _stay(self, why: str) -> str:
        self.reload_failures += 1
        self.notices = [f"{self._path.name} could not be reloaded: {why.splitlines()[0]}"]
        log.error("the configuration stays as it was: %s", why)
        return why

    def _refuse(self, loaded: Loaded, secrets: Secrets) -> None:
        """ProbeError for what cannot be taken in while the agent runs."""
        mistakes = unready(loaded, self.environ, secrets)
        if mistakes:
            raise SpecError(mistakes)
        old, new = self.loaded.config, loaded.config
        changed = [name for name in _FIXED if getattr(old, name) != getattr(new, name)]
        if changed:
            raise ProbeError(f"{' and '.join(changed)} cannot change while the agent runs: restart it")

    async def _take_in(self, loaded: Loaded) -> None:
        """First all that is on disk, in one transaction, then all that is in memory, which cannot fail."""
        async with self._turn:
            if not await self.writer.flush():
                raise ProbeError(f"the state folder takes no writes: {self.writer.trouble}")
            try:
                following = await self._open_eras(loaded)
            except sqlite3.DatabaseError as error:
                raise ProbeError(f"the state folder takes no writes: {error}") from None
            self.loaded = loaded
            self.timetable.replace(zip(loaded.planned, following, strict=True))
            self.runs.adopt(loaded)
            self.controls.adopt(loaded.targets)
            self.deliveries.adopt(loaded)
            start_logging(loaded.config.logging)

    async def _open_eras(self, loaded: Loaded) -> list[int]:
        """Enrols the exporters, and gives the first slot of each journey that nothing is decided about."""
        wall_ns = self.clock.read().wall_ns

        def opened(connection: Connection) -> list[int]:
            enrol(connection, loaded)
            ledger.close_others(connection, [planned.journey.name for planned in loaded.planned])
            return [
                ledger.open_era(
                    connection,
                    planned.journey.name,
                    planned.grid.every_ns,
                    planned.grid.offset_ns,
                    planned.grid.index_at(wall_ns) + 1,
                )
                for planned in loaded.planned
            ]

        return await self.database.run(opened)

    async def _carry_out(self, decisions: list[Decision], now: Instant, group: asyncio.TaskGroup) -> None:
        """All decisions of one look are on disk together, before any run of theirs begins."""
        for decision in decisions:
            self._tell(decision)
        records = tuple(self._record(each, now.wall_ns) for each in decisions if isinstance(each, Pass))
        await self.writer.write(Change(lambda connection: _enter(connection, decisions, now.wall_ns), records))
        for decision in decisions:
            if isinstance(decision, Begin):
                group.create_task(self.runs.go(decision))

    def _tell(self, decision: Decision) -> None:
        match decision:
            case Pass(planned=planned, first=first, last=last):
                count = f"{last - first + 1} slots" if last > first else f"slot {first}"
                log.warning("%s: %s %s (%s)", planned.journey.name, count, decision.state, decision.reason)
            case Rewind(planned=planned):
                log.warning("%s: the clock was set back; its slots are counted anew", planned.journey.name)

    def _record(self, passed: Pass, wall_ns: int) -> SlotsRecord:
        config, planned = self.loaded.config, passed.planned
        return slots_record(
            config,
            planned.journey.name,
            planned.grid,
            (passed.first, passed.last),
            passed.state,
            passed.reason,
            wall_ns,
        )

    def _pause_ns(self) -> int:
        """Until the next slot, but never so long that a clock that was set goes unnoticed."""
        due = self.timetable.next_due_ns
        left = LONGEST_SLEEP_NS if due is None else due - self.clock.read().wall_ns
        return max(min(left, LONGEST_SLEEP_NS), NANOSECONDS["ms"])

    async def _finish(self) -> None:
        """Lets the runs in flight end, then cuts their steps; their cleanup still runs, in its own time."""
        self.runs.close()
        if await self.runs.wait_idle(self.loaded.config.grace):
            return
        grace = format_duration(self.loaded.config.grace)
        log.warning("the grace of %s is over: %d runs are cut", grace, self.runs.in_flight)
        self.runs.interrupt.request()
        longest = max((planned.journey.cleanup_timeout for planned in self.loaded.planned), default=0)
        await self.runs.wait_idle(2 * longest + NANOSECONDS["s"])  # for undos, and for always


def _enter(connection: Connection, decisions: list[Decision], wall_ns: int) -> None:
    for decision in decisions:
        name = decision.planned.journey.name
        match decision:
            case Begin(index=index, run_id=run_id):
                ledger.begin(connection, name, index, run_id, wall_ns)
            case Pass(first=first, last=last, state=state, reason=reason):
                ledger.account(connection, name, first, last, state, reason, wall_ns)
            case Rewind(planned=planned, first=first):
                ledger.new_era(connection, name, planned.grid.every_ns, planned.grid.offset_ns, first)
