import asyncio
import threading
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from probe.agent.clock import SystemClock
from probe.agent.control import Controls
from probe.agent.effects import Effects
from probe.agent.egress import Egress
from probe.agent.grid import Grid
from probe.agent.load import Loaded
from probe.agent.loop_watch import LoopWatch
from probe.agent.runs import Runs
from probe.agent.throttle import Throttle
from probe.agent.timetable import Begin, Timetable
from probe.agent.vitals import Vitals
from probe.agent.writer import Writer
from probe.model.duration import NANOSECONDS
from probe.model.instant import nanoseconds_of
from probe.model.journey import Budget, Count, Journey, Label
from probe.model.network import Family, Network
from probe.model.record import Record, RunRecord, SlotsRecord, decode_record
from probe.model.result import Cause, Run, Trigger, Verdict
from probe.model.slot import Placement, Reason, Slot, SlotState
from probe.model.status import RunCount
from probe.model.timing import Clock, Phase
from probe.runner import run_journey
from probe.safety import switch
from probe.settings import Settings
from probe.spool import ledger, queue
from probe.spool.database import Database
from tests.agent.planning import READS, WRITES, plan
from tests.agent.recording import config
from tests.wire.peers import answering_after

MS = NANOSECONDS["ms"]


class Stand:
    """Runs on a real database; a test says what a run does."""

    def __init__(
        self, database: Database, perform: Any = run_journey, environ: Mapping[str, str] | None = None, **settings: Any
    ) -> None:
        self.database = database
        self.timetable = Timetable()
        self.loop_watch = LoopWatch()
        self.vitals = Vitals()
        self.egress = Egress(lambda: 0)
        clock = SystemClock()
        effects = settings.pop("effects", None) or Effects(Path("/no/state"), clock)
        loaded = Loaded(config(**settings), Path(), (), (), ())
        self.runs = Runs(
            loaded,
            environ or {},
            clock,
            Writer(database, lambda: None),
            self.timetable,
            Controls([], lambda: clock.read().monotonic_ns),
            self.loop_watch,
            effects,
            environ or {},
            self.vitals,
            self.egress,
            perform,
        )

    async def begin(self, name: str = "browse", **more: Any) -> Begin:
        now_ns = SystemClock().read().wall_ns - more.pop("late_ns", 0)
        every_ns = more.setdefault("every_ns", 60 * NANOSECONDS["s"])
        planned = plan(name, grid=Grid(every_ns, now_ns % every_ns), **more)
        index = planned.grid.index_at(now_ns)
        begin = Begin(planned, index, f"00000000-0000-0000-0000-{abs(hash((name, index))) % 10**12:012}")
        grid = planned.grid

        def entered(connection: Any) -> None:
            ledger.open_era(connection, name, grid.every_ns, grid.offset_ns, index)
            ledger.begin(connection, name, index, begin.run_id, 1)

        await self.database.run(entered)
        return begin

    async def records(self) -> list[Record]:
        batch = await self.database.run(lambda c: queue.next_batch(c, "hub", most=100, most_bytes=10**6))
        return [decode_record(line) for line in batch.lines] if batch else []

    async def slots(self) -> list[tuple[str, str]]:
        return await self.database.run(lambda c: c.execute("SELECT state, reason FROM slot ORDER BY 1").fetchall())


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    await database.run(lambda connection: queue.enrol(connection, ["hub"]))
    yield database
    await database.close()


@pytest.fixture
async def effects(tmp_path: Path) -> AsyncIterator[Effects]:
    effects = Effects(tmp_path, SystemClock())
    yield effects
    await effects.close()


class Performed:
    """A run that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.end = asyncio.Event()
        self.most = self.now = 0

    async def __call__(self, journey: Journey, settings: Settings, **more: Any) -> Run:
        self.now += 1
        self.most = max(self.most, self.now)
        self.begun.set()
        await self.end.wait()
        self.now -= 1
        return await run_journey(journey, settings, **more)


async def test_a_run_is_in_the_ledger_and_in_the_spool_as_one(database: Database) -> None:
    stand = Stand(database)
    begin = await stand.begin()
    await stand.runs.go(begin)
    (record,) = await stand.records()
    assert isinstance(record, RunRecord)
    run = record.run
    assert (run.run_id, run.trigger, run.region, run.agent, run.env) == (
        begin.run_id,
        Trigger.SCHEDULE,
        "here",
        "me",
        "production",
    )
    assert run.slot is not None
    assert (run.slot.index, nanoseconds_of(run.slot.due_at) // 1000) == (
        begin.index,
        begin.planned.grid.due_ns(begin.index) // 1000,
    )
    assert run.definition == begin.planned.journey.definition != ""
    assert await stand.slots() == [("ran", "")]
    assert stand.runs.counted() == (RunCount("browse", Verdict.FAILED, Cause.CONNECT, Trigger.SCHEDULE, 1),)
    assert stand.runs.last == {"browse": run}


async def test_a_run_says_how_late_it_began_and_how_long_it_waited_for_a_place(database: Database) -> None:
    performed = Performed()
    stand = Stand(database, performed, concurrency=1)
    first, second = await stand.begin("a"), await stand.begin("b")
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.runs.go(first))
        await performed.begun.wait()
        group.create_task(stand.runs.go(second))
        await asyncio.sleep(0.2)
        assert (stand.runs.in_flight, stand.runs.queued) == (1, 1)
        performed.end.set()
    health = {name: run.health for name, run in stand.runs.last.items()}
    assert health["a"] is not None
    assert health["b"] is not None
    assert health["a"].queue_ns < 150 * MS <= health["b"].queue_ns <= health["b"].lag_ns
    assert stand.runs.queue_ns == health["a"].queue_ns + health["b"].queue_ns
    assert performed.most == 1


async def test_no_more_runs_at_once_than_allowed(database: Database) -> None:
    performed = Performed()
    stand = Stand(database, performed, concurrency=3)
    begins = [await stand.begin(f"j{number}") for number in range(10)]
    async with asyncio.TaskGroup() as group:
        for begin in begins:
            group.create_task(stand.runs.go(begin))
        await performed.begun.wait()
        await asyncio.sleep(0.05)
        performed.end.set()
    assert performed.most == 3
    assert len(stand.runs.last) == 10


async def test_a_run_that_gets_no_place_in_half_its_interval_is_skipped(database: Database) -> None:
    performed = Performed()
    stand = Stand(database, performed, concurrency=1)
    first, second = await stand.begin("a"), await stand.begin("b", every_ns=200 * MS)
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.runs.go(first))
        await performed.begun.wait()
        await stand.runs.go(second)
        performed.end.set()
    skipped = [record for record in await stand.records() if isinstance(record, SlotsRecord)]
    assert [(record.journey, record.state, record.reason) for record in skipped] == [
        ("b", SlotState.SKIPPED, Reason.CAPACITY)
    ]
    assert await stand.slots() == [("ran", ""), ("skipped", "capacity")]


async def test_a_slow_disk_holds_up_no_other_run(database: Database) -> None:
    performed = Performed()
    performed.end.set()
    stand = Stand(database, performed, concurrency=1)
    begins = [await stand.begin(name) for name in ("a", "b", "c")]
    disk = threading.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(database.run(lambda _: disk.wait()))
        for begin in begins:
            group.create_task(stand.runs.go(begin))
        async with asyncio.timeout(10):
            while len(stand.runs.last) < len(begins):
                await asyncio.sleep(0.01)
        assert not await stand.runs.wait_idle(10 * MS)
        disk.set()
    assert await stand.runs.wait_idle(0)
    assert await stand.slots() == [("ran", "")] * 3


async def test_a_stopping_agent_skips_what_waits_and_lets_run_what_runs(database: Database) -> None:
    performed = Performed()
    stand = Stand(database, performed, concurrency=1)
    first, second = await stand.begin("a"), await stand.begin("b")
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.runs.go(first))
        await performed.begun.wait()
        waiting = group.create_task(stand.runs.go(second))
        await asyncio.sleep(0.02)
        stand.runs.close()
        await waiting
        assert not await stand.runs.wait_idle(10 * MS)
        performed.end.set()
        assert await stand.runs.wait_idle(10 * NANOSECONDS["s"])
    assert await stand.slots() == [("ran", ""), ("skipped", "shutdown")]


async def test_a_run_that_breaks_has_a_record_too_and_breaks_nothing_else(database: Database) -> None:
    async def breaks(*given: Any, **more: Any) -> Run:
        raise ZeroDivisionError("hunter2hunter2")

    stand = Stand(database, breaks)
    await stand.runs.go(await stand.begin())
    (record,) = await stand.records()
    assert isinstance(record, RunRecord)
    assert record.run.failure is not None
    assert (record.run.verdict, record.run.failure.message) == (
        Verdict.ERRORED,
        "the agent made a mistake: ZeroDivisionError; its log has the traceback",
    )
    assert await stand.slots() == [("ran", "")]


async def test_what_a_run_that_breaks_has_to_say_is_not_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    secret = str(uuid4())

    async def breaks(*given: Any, **more: Any) -> Run:
        raise ZeroDivisionError(secret)

    stand = Stand(database, breaks)
    await stand.runs.go(await stand.begin())
    assert "ZeroDivisionError" in caplog.text
    assert secret not in caplog.text


async def test_a_run_under_a_late_loop_is_suspect_and_says_why(database: Database) -> None:
    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        run = await run_journey(journey, settings, **more)
        now = SystemClock().read().monotonic_ns
        stand.loop_watch.note(now, now - 80 * MS)
        return run

    stand = Stand(database, performed)
    await stand.runs.go(await stand.begin())
    assert stand.runs.last["browse"].suspect == ("the agent's event loop was late by 80.0 ms",)
    assert stand.runs.suspects == 1


@pytest.mark.parametrize("clock", list(Clock))
async def test_a_loop_that_is_late_while_an_answer_comes_disturbs_only_pythons_clock(
    database: Database, clock: Clock
) -> None:
    """The server answers after 0.2 s; meanwhile the loop stands still for 1.5 s."""
    stand = Stand(database, environ={"PROBE_CLOCK": clock})
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(stand.loop_watch.watch())
        with answering_after(0.2, 2) as (url, _):
            begin = await stand.begin(steps=f"  - {{name: look, http: {{get: '{url}'}}}}\n")
            asyncio.get_running_loop().call_later(0.1, time.sleep, 1.5)
            await stand.runs.go(begin)
        watching.cancel()
    run = stand.runs.last["browse"]
    assert run.health is not None
    assert run.health.loop_delay_ns > 200 * MS
    (exchange,) = run.steps[0].attempts[0].exchanges
    doubtful = clock is Clock.USER or exchange.uncertain_ns > 0  # as on a machine that is busy
    assert (run.verdict, bool(run.suspect)) == (Verdict.PASSED, doubtful)
    assert (run.steps[0].phases[Phase.PROCESSING] < 1000 * MS) is (clock is Clock.KERNEL)


async def test_a_runs_health_says_what_the_agent_spent_meanwhile(database: Database) -> None:
    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        until = time.process_time_ns() + 20 * MS
        while time.process_time_ns() < until:
            pass
        stand.vitals.pauses.note(time.monotonic_ns(), 3 * MS)
        return await run_journey(journey, settings, **more)

    stand = Stand(database, performed)
    stand.vitals.pauses.note(1, 100 * MS)
    stand.egress.note("8.8.4.4")
    begin, spent_ns = await stand.begin(), time.process_time_ns()
    await stand.runs.go(begin)
    health = stand.runs.last["browse"].health
    assert health is not None
    assert stand.runs.last["browse"].egress == ("8.8.4.4",)
    assert 20 * MS <= health.cpu_ns <= time.process_time_ns() - spent_ns
    assert (health.gc_ns, health.gc_worst_ns, health.timekeeping) == (3 * MS, 3 * MS, SystemClock().timekeeping())


@pytest.mark.parametrize("clock", Clock)
async def test_a_run_that_was_throttled_is_suspect_where_python_looked_at_the_clock(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    """The control group is files of the test's: how long it was held back grows by 90 ms while the run goes on."""
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "mountinfo").write_text(f"29 1 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n")
    (tmp_path / "cpu.stat").write_text("throttled_usec 5000\n")

    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        (tmp_path / "cpu.stat").write_text("throttled_usec 95000\n")
        return await run_journey(journey, settings, **more)

    stand = Stand(database, performed, environ={"PROBE_CLOCK": clock})
    stand.vitals.throttle = Throttle(tmp_path)
    with answering_after(0, 2) as (url, _):
        await stand.runs.go(await stand.begin(steps=f"  - {{name: look, http: {{get: '{url}'}}}}\n"))
    run = stand.runs.last["browse"]
    assert run.health is not None
    assert run.health.throttled_ns == 90 * MS
    reason = "the agent was throttled for 90.0 ms: its CPU limit is too low"
    assert (reason in run.suspect) is (clock is Clock.USER)


async def test_throttling_that_was_not_known_when_a_run_began_is_not_the_runs(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "mountinfo").write_text(f"29 1 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n")
    (tmp_path / "cpu.stat").write_text("throttled_usec 5000000\n")

    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        (tmp_path / "cpu.stat").write_text("throttled_usec 5000000\n")
        return await run_journey(journey, settings, **more)

    stand = Stand(database, performed)
    stand.vitals.throttle = Throttle(tmp_path)
    (tmp_path / "cpu.stat").unlink()
    await stand.runs.go(await stand.begin())
    health = stand.runs.last["browse"].health
    assert health is not None
    assert health.throttled_ns is None


async def test_a_region_whose_turn_it_is_not_stops_before_the_write(database: Database, effects: Effects) -> None:
    given: list[Settings] = []

    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        given.append(settings)
        return await run_journey(journey, settings, **more)

    stand = Stand(database, performed, effects=effects)
    begin = await stand.begin(steps=WRITES, placement=Placement.ROTATE, turn=0, turns=2)
    for index in (10, 11):
        await stand.runs.go(replace(begin, index=index))
    assert [(settings.stop_before_writes, settings.writes_allowed, settings.secret_defaults) for settings in given] == [
        (False, False, False),
        (True, False, False),
    ]
    assert isinstance(given[0].slot, Slot)


async def test_all_runs_leave_by_the_regions_network_and_share_their_tokens(database: Database) -> None:
    given: list[Settings] = []

    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        given.append(settings)
        return await run_journey(journey, settings, **more)

    network = Network(family=Family.IPV4)
    stand = Stand(database, performed, network=network)
    begin = await stand.begin()
    for index in (10, 11):
        await stand.runs.go(replace(begin, index=index))
    assert [settings.network for settings in given] == [network] * 2
    assert given[0].tokens is given[1].tokens


async def test_runs_that_use_one_account_never_go_on_at_once(database: Database) -> None:
    performed = Performed()
    performed.end.set()
    stand = Stand(database, performed)
    begins = [with_account(await stand.begin(name)) for name in ("a", "b", "c")]
    async with asyncio.TaskGroup() as group:
        for begin in begins:
            group.create_task(stand.runs.go(begin))
    assert (performed.most, len(stand.runs.last)) == (1, 3)


async def test_a_run_that_gets_no_account_in_half_its_interval_is_skipped(database: Database) -> None:
    performed = Performed()
    stand = Stand(database, performed)
    first = with_account(await stand.begin("a"))
    second = with_account(await stand.begin("b", every_ns=200 * MS))
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.runs.go(first))
        await performed.begun.wait()
        await stand.runs.go(second)
        performed.end.set()
    assert await stand.slots() == [("ran", ""), ("skipped", "account")]


def with_account(begin: Begin) -> Begin:
    journey = replace(begin.planned.journey, accounts=(Label("alice"),))
    return replace(begin, planned=replace(begin.planned, journey=journey))


async def test_a_run_over_its_budget_is_skipped_whole(database: Database, effects: Effects) -> None:
    stand = Stand(database, effects=effects)
    begin = await stand.begin(steps=WRITES, budget=Budget(writes_per_hour=Count(1)))
    await effects.admit(begin.planned, str(uuid4()))
    await stand.runs.go(begin)
    (record,) = await stand.records()
    assert isinstance(record, SlotsRecord)
    assert (record.state, record.reason, stand.runs.last) == (SlotState.SKIPPED, Reason.BUDGET, {})


async def test_what_a_run_did_not_write_is_given_back(database: Database, effects: Effects) -> None:
    stand = Stand(database, effects=effects)  # nothing listens where it would pay
    for _ in range(3):
        await stand.runs.go(await stand.begin(f"j{uuid4()}", steps=WRITES, budget=Budget(writes_per_hour=Count(1))))
        await stand.runs.go(await stand.begin("pay", steps=WRITES, budget=Budget(writes_per_hour=Count(1))))
    assert {type(record) for record in await stand.records()} == {RunRecord}


async def test_another_configuration_counts_from_the_next_run_on(database: Database) -> None:
    stand = Stand(database)
    await stand.runs.go(await stand.begin("gone"))
    other = plan("kept")
    stand.runs.adopt(Loaded(config(concurrency=2, env="staging"), Path(), (other,), (), ()))
    await stand.runs.go(await stand.begin("kept"))
    assert {name: run.env for name, run in stand.runs.last.items()} == {"kept": "staging"}


async def test_a_run_that_began_long_after_its_slot_is_suspect_and_says_why(database: Database) -> None:
    stand = Stand(database)
    await stand.runs.go(await stand.begin(late_ns=10 * NANOSECONDS["s"]))
    (why,) = stand.runs.last["browse"].suspect
    assert why.startswith("it began 10.")
    assert why.endswith(" s after its slot, when other regions were done with theirs")


async def test_a_journey_that_passes_again_is_told_once(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    verdicts = [Verdict.FAILED, Verdict.PASSED, Verdict.PASSED]

    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        run = await run_journey(journey, settings, **more)
        return run if verdicts.pop(0) is Verdict.FAILED else replace(run, verdict=Verdict.PASSED, failure=None)

    stand = Stand(database, performed)
    begin = await stand.begin()
    for _ in range(3):
        await stand.runs.go(begin)
    assert caplog.text.count("browse passes again") == 1


async def test_a_run_whose_writes_were_stopped_reads_only(database: Database, effects: Effects, tmp_path: Path) -> None:
    given: list[Settings] = []

    async def performed(journey: Journey, settings: Settings, **more: Any) -> Run:
        given.append(settings)
        (tmp_path / switch.FILE).unlink()
        return await run_journey(journey, settings, **more)

    (tmp_path / switch.FILE).touch()
    stand = Stand(database, performed, effects=effects)
    await stand.runs.go(await stand.begin("pay", steps=READS + WRITES, budget=Budget(writes_per_hour=Count(1))))
    assert [settings.stop_before_writes for settings in given] == [True]
