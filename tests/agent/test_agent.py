"""The agent's life on a clock that jumps: runs are made up, everything else is real."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from probe.agent.agent import Agent
from probe.agent.load import load_agent
from probe.interrupt import Interrupt
from probe.model.duration import NANOSECONDS
from probe.model.journey import Journey
from probe.model.record import Record, RunRecord, SlotsRecord, decode_record
from probe.model.result import SCHEMA, Cause, Run, Verdict
from probe.model.slot import Account, Reason, SlotState
from probe.settings import Settings
from probe.spool import ledger, queue
from probe.spool.database import Database
from tests.clock import FakeClock

S, M, H = NANOSECONDS["s"], NANOSECONDS["m"], NANOSECONDS["h"]
Life = Callable[["Stand"], Any]


def made_up(
    journey: Journey, settings: Settings, verdict: Verdict = Verdict.PASSED, *, interrupted: bool = False
) -> Run:
    return Run(
        settings.run_id,
        journey.name,
        journey.file,
        settings.region,
        settings.agent,
        settings.trigger,
        datetime(2026, 11, 2, tzinfo=UTC),
        5,
        verdict,
        (),
        "0",
        SCHEMA,
        slot=settings.slot,
        definition=journey.definition,
        interrupted=interrupted,
    )


class Stand:
    """An agent on a folder of its own; `perform` says what a run does."""

    def __init__(self, folder: Path, clock: FakeClock | None = None) -> None:
        self.folder = folder
        self.clock = clock or FakeClock()
        self.perform: Any = self._performed
        self.begun: list[tuple[str, int]] = []

    async def _performed(self, journey: Journey, settings: Settings, interrupt: Interrupt) -> Run:
        assert settings.slot is not None
        self.begun.append((journey.name, settings.slot.index))
        return made_up(journey, settings)

    def write(self, text: str = "", **schedules: str) -> None:
        for name, every in (schedules or {"browse": "1m"}).items():
            steps = "steps:\n  - {name: look, wait: 1ms}\n"
            (self.folder / f"{name}.yaml").write_text(f"journey: {name}\nschedule: {{every: {every}}}\n{steps}")
        path = self.folder / "config" / "agent.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            "region: here\nagent: me\njourneys: [../*.yaml]\nstate: ../state\nexport: [{jsonl: {path: out}}]\n" + text
        )

    async def open(self) -> Agent:
        self.database = await Database.open(self.folder / "state")
        path = self.folder / "config" / "agent.yaml"
        self.agent = Agent(path, load_agent(path), self.database, {}, self.clock, self._run)
        await self.agent.begin()
        self.clock.busy = lambda: self.agent.runs.unsettled > 0
        return self.agent

    async def _run(self, *given: Any, **more: Any) -> Run:
        run: Run = await self.perform(*given, **more)
        return run

    async def live(self, nanoseconds: int) -> None:
        """Lets the agent follow its slots for so long."""
        until_ns = self.clock.monotonic_ns + nanoseconds
        async with asyncio.TaskGroup() as group:
            life = group.create_task(self.agent.follow_slots())
            while self.clock.monotonic_ns < until_ns and not life.done():
                await asyncio.sleep(0)
            self.agent.stop()

    async def account(self, journey: str = "browse") -> Account:
        accounts = await self.database.run(ledger.accounts)
        return next(account for account in accounts if account.journey == journey)

    async def records(self) -> list[Record]:
        rows = await self.database.run(lambda c: c.execute("SELECT body FROM record ORDER BY seq").fetchall())
        return [decode_record(body) for (body,) in rows]


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    stand = Stand(tmp_path)
    yield stand
    await stand.database.close()


async def test_every_slot_has_its_run_and_every_run_its_record(stand: Stand) -> None:
    stand.write(browse="1m", search="20s")
    await stand.open()
    await stand.live(10 * M)
    runs = [record.run for record in await stand.records() if isinstance(record, RunRecord)]
    assert sorted((run.journey, run.slot.index) for run in runs if run.slot) == sorted(stand.begun)
    for name, count in (("browse", 10), ("search", 30)):
        account = await stand.account(name)
        assert (account.adds_up, account.ran, account.skipped, account.missed) == (True, account.expected, 0, 0)
        assert abs(account.ran - count) <= 1


async def test_what_was_not_there_to_run_is_missed_and_told_to_the_centre(stand: Stand) -> None:
    stand.write()
    await stand.open()
    await stand.live(2 * M)
    before = await stand.account()
    await stand.database.close()
    stand.clock.pass_ns(H)
    await stand.open()
    await stand.live(2 * M)
    account = await stand.account()
    assert (account.adds_up, account.first, account.missed) == (True, before.first, 60)
    (missed,) = [record for record in await stand.records() if isinstance(record, SlotsRecord)]
    assert (missed.first, missed.last, missed.state, missed.reason) == (
        before.next,
        before.next + 59,
        SlotState.MISSED,
        Reason.DOWN,
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [(FakeClock.suspend, Reason.SUSPENDED), (FakeClock.set_by, Reason.CLOCK)],
    ids=["suspended", "clock"],
)
async def test_a_machine_that_slept_and_a_clock_that_was_set_are_told_apart(
    stand: Stand, change: Callable[[FakeClock, int], None], reason: Reason
) -> None:
    stand.write()
    await stand.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.live(5 * M))
        while len(stand.begun) < 2:
            await asyncio.sleep(0)
        change(stand.clock, H)
    reasons = Counter(record.reason for record in await stand.records() if isinstance(record, SlotsRecord))
    assert reasons == {reason: 1}
    account = await stand.account()
    assert (account.adds_up, account.missed in (59, 60), account.ran >= 4) == (True, True, True)


async def test_a_clock_that_is_set_back_by_hours_does_not_stop_probing(stand: Stand) -> None:
    stand.write()
    await stand.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.live(10 * M))
        while len(stand.begun) < 3:
            await asyncio.sleep(0)
        stand.clock.set_by(-3 * H)
    assert len(stand.begun) >= 9
    assert (await stand.account()).adds_up
    assert sum((await stand.database.run(ledger.expected)).values()) == len(stand.begun)


async def test_a_stopping_agent_lets_its_runs_end(stand: Stand) -> None:
    ended: list[Interrupt] = []

    async def slow(journey: Journey, settings: Settings, interrupt: Interrupt) -> Run:
        stand.agent.stop()
        await asyncio.sleep(0.05)
        ended.append(interrupt)
        return made_up(journey, settings)

    stand.write("grace: 1000h\n")
    stand.perform = slow
    await stand.open()
    await stand.agent.follow_slots()
    account = await stand.account()
    assert (account.ran, account.adds_up, ended[0].requested) == (1, True, False)


async def test_a_run_that_outlives_the_grace_is_cut_and_its_record_says_so(stand: Stand) -> None:
    async def endless(journey: Journey, settings: Settings, interrupt: Interrupt) -> Run:
        stand.agent.stop()
        while not interrupt.requested:
            await asyncio.sleep(0)
        return made_up(journey, settings, Verdict.ERRORED, interrupted=True)

    stand.write("grace: 1s\n")
    stand.perform = endless
    await stand.open()
    stand.clock.busy = lambda: False
    await stand.agent.follow_slots()
    (record,) = [record for record in await stand.records() if isinstance(record, RunRecord)]
    assert (record.run.interrupted, (await stand.account()).ran) == (True, 1)


# --- after a crash


async def test_a_run_that_was_killed_is_in_the_ledger_as_such_and_has_a_record(stand: Stand) -> None:
    async def killed(journey: Journey, settings: Settings, interrupt: Interrupt) -> Run:
        raise asyncio.CancelledError

    stand.write()
    stand.perform = killed
    await stand.open()
    await stand.live(90 * S)
    assert (await stand.account()).running >= 1
    await stand.database.close()
    stand.perform = stand._performed
    await stand.open()
    records = [record.run for record in await stand.records() if isinstance(record, RunRecord)]
    assert {(run.verdict, run.failure.cause, run.interrupted) for run in records if run.failure} == {
        (Verdict.ERRORED, Cause.AGENT, True)
    }
    account = await stand.account()
    assert (account.running, account.ran, account.adds_up) == (0, len(records), True)
    tallies = await stand.database.run(ledger.tallies)
    assert ("browse", "ran", "killed", len(records)) in tallies


# --- reload


async def test_a_reload_takes_in_new_journeys_and_lets_go_of_others(stand: Stand) -> None:
    stand.write(browse="1m", search="1m")
    await stand.open()
    before = await stand.account("browse")
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.live(20 * M))
        while len(stand.begun) < 4:
            await asyncio.sleep(0)
        (stand.folder / "search.yaml").unlink()
        stand.write(browse="1m", cart="30s")
        assert await stand.agent.reload() is None
        stand.begun.clear()
    assert Counter(name for name, _ in stand.begun).keys() == {"browse", "cart"}
    after = await stand.account("browse")
    assert (after.first, after.adds_up, after.missed) == (before.first, True, 0)
    assert [account.journey for account in await stand.database.run(ledger.accounts)] == ["browse", "cart"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("concurrency: 0\n", "agent.yaml:6:14: expected a whole number from 1 to 10,000, got the number 0"),
        ("env: staging\n", "env cannot change while the agent runs: restart it"),
        ("listen: 127.0.0.1:1\n", "listen cannot change while the agent runs: restart it"),
    ],
)
async def test_a_reload_that_cannot_be_leaves_everything_as_it_was(stand: Stand, text: str, told: str) -> None:
    stand.write()
    agent = await stand.open()
    loaded = agent.loaded
    stand.write(text)
    found = await agent.reload()
    assert found is not None
    assert told in found
    assert agent.loaded is loaded
    assert (agent.reloads, agent.reload_failures, len(agent.notices)) == (0, 1, 1)
    stand.write()
    assert await agent.reload() is None
    assert (agent.reloads, agent.notices) == (1, [])


async def test_a_reload_without_a_secret_that_is_needed_is_refused(stand: Stand) -> None:
    stand.write()
    agent = await stand.open()
    stand.write(browse="1m")
    path = stand.folder / "browse.yaml"
    path.write_text(path.read_text() + "secrets: {card: {env: NOT_THERE}}\n")
    found = await agent.reload()
    assert found is not None
    assert "the environment variable NOT_THERE is not set" in found


async def test_a_run_under_way_outlives_a_reload_that_drops_its_journey(stand: Stand) -> None:
    going = asyncio.Event()

    async def slow(journey: Journey, settings: Settings, interrupt: Interrupt) -> Run:
        going.set()
        await asyncio.sleep(0.05)
        return made_up(journey, settings)

    stand.write(browse="1m", search="24h")
    stand.perform = slow
    await stand.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(stand.live(10 * M))
        await going.wait()
        (stand.folder / "browse.yaml").unlink()
        assert await stand.agent.reload() is None
    await asyncio.sleep(0.1)
    tallies = await stand.database.run(ledger.tallies)
    assert ("browse", "ran", "", 1) in tallies
    assert await stand.database.run(queue.totals) != (0, 0)


async def test_a_reload_on_a_full_disk_is_refused_and_changes_nothing(stand: Stand) -> None:
    stand.write()
    agent = await stand.open()
    stand.write(browse="30s", more="1m")
    loaded, due = agent.loaded, agent.timetable.next_due_ns
    await stand.database.run(lambda connection: connection.execute("PRAGMA query_only = 1"))
    assert "the state folder takes no writes" in (await agent.reload() or "")
    assert (agent.loaded is loaded, agent.timetable.next_due_ns, agent.reload_failures) == (True, due, 1)
    await stand.database.read(lambda connection: connection.execute("PRAGMA query_only = 0"))
    assert await agent.reload() is None
