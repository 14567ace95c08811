"""Performs the runs of slots: waits for a place, runs the journey, judges what the agent had to do with it."""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from probe.agent.clock import Clock, Instant
from probe.agent.config import Writes
from probe.agent.control import Controls
from probe.agent.effects import Effects
from probe.agent.egress import Egress
from probe.agent.grid import Grid
from probe.agent.load import Loaded
from probe.agent.loop_watch import Delay, LoopWatch
from probe.agent.places import Places
from probe.agent.records import slot_of, slots_record, unfinished_run
from probe.agent.suspect import suspicions
from probe.agent.timetable import Begin, Timetable
from probe.agent.vitals import Spent, Vitals
from probe.agent.writer import Change, Writer
from probe.interrupt import Interrupt
from probe.model.duration import format_duration
from probe.model.network import NOTHING_SAID
from probe.model.record import RunRecord
from probe.model.result import Cause, Health, Run, Trigger, Verdict
from probe.model.slot import Reason, SlotState
from probe.model.status import RunCount
from probe.runner import run_journey
from probe.safety.accounts import Accounts
from probe.settings import Settings
from probe.spool import ledger
from probe.steps.base import new_tokens

Perform = Callable[..., Awaitable[Run]]

log = logging.getLogger("probe.agent")


class Runs:
    """The runs in flight, and what became of the ones before."""

    def __init__(
        self,
        loaded: Loaded,
        environ: Mapping[str, str],
        clock: Clock,
        writer: Writer,
        timetable: Timetable,
        controls: Controls,
        loop_watch: LoopWatch,
        effects: Effects,
        secrets: Mapping[str, str],
        vitals: Vitals,
        egress: Egress,
        perform: Perform = run_journey,
    ) -> None:
        self.loaded = loaded
        self.controls = controls
        self.secrets = secrets
        self.interrupt = Interrupt()
        self.counts: Counter[tuple[str, Verdict, Cause | None, Trigger]] = Counter()
        self.last: dict[str, Run] = {}
        self.unsettled = 0
        """Slots that were begun and are not on disk yet: queued, in flight, or waiting for the disk."""
        self.in_flight = 0
        self.queued = 0
        self.queue_ns = 0
        """What all runs together waited for a place."""
        self.suspects = 0
        self._environ = environ
        self._clock = clock
        self._writer = writer
        self._timetable = timetable
        self._loop_watch = loop_watch
        self._effects = effects
        self._vitals = vitals
        self._egress = egress
        self._perform = perform
        self._tokens = new_tokens()
        self._places = Places(loaded.config.concurrency)
        self.accounts = Accounts()
        self._idle = asyncio.Event()
        self._idle.set()

    def adopt(self, loaded: Loaded) -> None:
        """Goes by another configuration from the next run on."""
        self._places.resize(loaded.config.concurrency)
        self.loaded = loaded
        names = {planned.journey.name for planned in loaded.planned}
        self.last = {name: run for name, run in self.last.items() if name in names}

    def close(self) -> None:
        """Runs that wait for a place are skipped; the ones in flight go on."""
        self._places.close()

    async def wait_idle(self, limit_ns: int) -> bool:
        """Whether no run is left, within that time."""
        await self._clock.sleep(limit_ns, self._idle)
        return self._idle.is_set()

    def counted(self) -> tuple[RunCount, ...]:
        return tuple(RunCount(*what, count) for what, count in self.counts.items())

    async def go(self, begin: Begin) -> None:
        """Sees a slot through to its end: afterwards it is accounted for, whatever happened."""
        self._idle.clear()
        self.unsettled += 1
        try:
            await self._writer.write(await self._settled(begin))
        finally:
            self.unsettled -= 1
            if not self.unsettled:
                self._idle.set()

    async def _settled(self, begin: Begin) -> Change:
        """What there is to write of the slot. Its place is free by then: a slow disk holds up no other run."""
        self.queued += 1
        asked_ns = self._clock.read().monotonic_ns
        try:
            reason = await self._wait(begin)
            self.queued -= 1
            if reason is not None:
                return self._skip(begin, reason)
            self.in_flight += 1
            try:
                with self._loop_watch.during_a_run():
                    return await self._admitted(begin, self._clock.read().monotonic_ns - asked_ns)
            finally:
                self.in_flight -= 1
                self._places.leave()
                self.accounts.leave(begin.planned.journey.accounts)
        finally:
            self._timetable.ended(begin.planned.journey.name, begin.run_id)

    async def _wait(self, begin: Begin) -> Reason | None:
        """None when its accounts and a place are got; otherwise why not, and it has none of them."""
        accounts, missing = begin.planned.journey.accounts, Reason.ACCOUNT
        try:
            async with asyncio.timeout(begin.planned.grid.every_ns / 2e9):
                await self.accounts.take(accounts)
                missing = Reason.CAPACITY
                if await self._places.take():
                    return None
                missing = Reason.SHUTDOWN
        except TimeoutError:
            pass
        if missing is not Reason.ACCOUNT:
            self.accounts.leave(accounts)
        return missing

    def _skip(self, begin: Begin, reason: Reason) -> Change:
        config, planned = self.loaded.config, begin.planned
        record = slots_record(
            config,
            planned.journey.name,
            planned.grid,
            (begin.index, begin.index),
            SlotState.SKIPPED,
            reason,
            self._clock.read().wall_ns,
        )
        return Change(lambda connection: ledger.end(connection, begin.run_id, SlotState.SKIPPED, reason), (record,))

    async def _admitted(self, begin: Begin, queue_ns: int) -> Change:
        """A run that may write has its budget reserved before it begins."""
        if not (begin.planned.writes and begin.planned.writes_in(begin.index)):
            return await self._run(begin, queue_ns)
        if reason := await self._effects.admit(begin.planned, begin.run_id):
            return self._skip(begin, reason)
        try:
            return await self._run(begin, queue_ns)
        finally:
            await self._effects.over(begin.run_id, self.last.get(begin.planned.journey.name))

    async def _run(self, begin: Begin, queue_ns: int) -> Change:
        self.queue_ns += queue_ns
        started = self._clock.read()
        lag_ns = started.wall_ns - begin.planned.grid.due_ns(begin.index)
        health = Health(lag_ns=lag_ns, queue_ns=queue_ns, side_by_side=self.in_flight)
        before = self._vitals.spent()
        run = await self._performed(begin, started.wall_ns)
        delays = self._loop_watch.delays_since(started.monotonic_ns)
        health = self._observed(health, started, before, delays)
        ended_ns = self._clock.read().monotonic_ns
        disturbed = suspicions(run, delays, started.monotonic_ns, ended_ns, health.throttled_ns or 0)
        suspect = (*disturbed, *_began_late(health, begin.planned.grid))
        run = await self.controls.judge(replace(run, health=health, suspect=suspect, egress=self._egress.addresses))
        self._note(run)
        return Change(lambda connection: ledger.end(connection, begin.run_id), (RunRecord(run),))

    def _observed(self, health: Health, started: Instant, before: Spent, delays: Sequence[Delay]) -> Health:
        """With what was seen of the agent since the run was started."""
        now = self._vitals.spent()
        return replace(
            health,
            loop_delay_ns=max((delay.late_ns for delay in delays), default=0),
            cpu_ns=now.cpu_ns - before.cpu_ns,
            throttled_ns=_grown(before.throttled_ns, now.throttled_ns),
            gc_ns=now.gc_ns - before.gc_ns,
            gc_worst_ns=self._vitals.pauses.worst_since(started.monotonic_ns),
            timekeeping=self._clock.timekeeping(),
        )

    async def _performed(self, begin: Begin, started_ns: int) -> Run:
        planned, config = begin.planned, self.loaded.config
        slot, may_write = slot_of(planned.grid, begin.index), self._effects.may_write(begin.run_id)
        settings = Settings(
            trigger=Trigger.SCHEDULE,
            region=config.region,
            agent=config.agent,
            environ=self._environ,
            secrets=self.secrets,
            timeout_ns=planned.timeout_ns,
            network=config.network or NOTHING_SAID,
            tokens=self._tokens,
            writes_allowed=config.writes is Writes.ALLOW,
            stop_before_writes=not may_write,
            secret_defaults=False,
            env=config.env,
            run_id=begin.run_id,
            slot=slot,
            journal=await self._effects.journal() if may_write else None,
            writes_stopped=self._effects.stopped,
        )
        try:
            return await self._perform(planned.journey, settings, interrupt=self.interrupt)
        except Exception as error:  # noqa: BLE001 - one run's trouble is not the others', and its slot must have an end
            where = "".join(traceback.format_tb(error.__traceback__))  # its message may hold what must not be logged
            log.error("the run %s of %s broke: %s\n%s", begin.run_id, planned.journey.name, type(error).__name__, where)
            message = f"the agent made a mistake: {type(error).__name__}; its log has the traceback"
            name, definition = planned.journey.name, planned.journey.definition
            return unfinished_run(config, name, begin.run_id, slot, started_ns, message, definition)

    def _note(self, run: Run) -> None:
        cause = run.failure.cause if run.failure else None
        self.counts[(run.journey, run.verdict, cause, run.trigger)] += 1
        self.suspects += bool(run.suspect)
        before, self.last[run.journey] = self.last.get(run.journey), run
        if run.failure is not None:
            step = next((step.name for step in run.steps if step.failure is not None), "")
            where = f" in {step}" if step else ""
            log.warning("%s %s%s: %s (run %s)", run.journey, run.verdict, where, run.failure.message, run.run_id)
        elif before is not None and before.failure is not None:
            log.warning("%s passes again: %s (run %s)", run.journey, format_duration(run.duration_ns), run.run_id)
        else:
            log.debug("%s %s in %s", run.journey, run.verdict, format_duration(run.duration_ns))


def _grown(before_ns: int | None, now_ns: int | None) -> int | None:
    return None if before_ns is None or now_ns is None else now_ns - before_ns


def _began_late(health: Health, grid: Grid) -> Iterator[str]:
    if health.lag_ns > grid.tolerance_ns:
        yield f"it began {format_duration(health.lag_ns)} after its slot, when other regions were done with theirs"
