import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest

from probe.agent.clock import Instant, SystemClock
from probe.agent.delivery import Delivery, Route
from probe.agent.patience import PAUSE_NS
from probe.errors import ProbeError
from probe.export import hub, jsonl
from probe.export.base import Exporter, Surroundings
from probe.model.batch import ACKED, Batch, Outcome, Result
from probe.model.instant import datetime_of
from probe.model.record import Record, encode_record
from probe.model.status import ExporterStatus
from probe.spool import loss, queue
from probe.spool.database import Database
from probe.spool.loss import Origin
from probe.spool.queue import Depth
from tests.cli.process import ROOT
from tests.clock import START_NS, FakeClock
from tests.conftest import Serve
from tests.export.receiver import Received, Receiver, answer, cut_off, taken
from tests.spool.spooled import keys, record, records

S = 10**9
MS = 10**6
ORIGIN = Origin("eu-west-1", "agent-1", "production")
NOTHING = Depth(0, 0, None)
RETRY, PAUSED, REJECTED = (Outcome(result, "no") for result in (Result.RETRY, Result.PAUSED, Result.REJECTED))


class Naps(FakeClock):
    """A clock that remembers how long was slept."""

    def __init__(self) -> None:
        super().__init__()
        self.naps: list[int] = []
        self.looks = 0

    def read(self) -> Instant:
        self.looks += 1
        return super().read()

    async def sleep(self, nanoseconds: int, wake: asyncio.Event) -> None:
        self.naps.append(nanoseconds)
        await super().sleep(nanoseconds, wake)


class Scripted:
    """An exporter that does as it is told, and remembers what it was asked to send."""

    Config = None
    DESCRIPTION = "For tests."

    def __init__(self, script: Callable[[Batch], Outcome]) -> None:
        self.script = script
        self.tried: list[list[str]] = []
        self.sessions = 0

    def destination(self, config: Any) -> str:
        return "there"

    @asynccontextmanager
    async def open_session(self, config: Any, surroundings: Surroundings) -> AsyncIterator[None]:
        self.sessions += 1
        yield

    async def send(self, config: Any, batch: Batch, session: Any) -> Outcome:
        self.tried.append(keys(batch.lines))
        return self.script(batch)


def in_turn(*outcomes: Outcome) -> Callable[[Batch], Outcome]:
    """These, and from then on ACKED."""
    left = list(outcomes)
    return lambda batch: left.pop(0) if left else ACKED


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "state")
    await database.run(lambda connection: queue.enrol(connection, ["it"]))
    yield database
    await database.close()


@pytest.fixture
def clock() -> Naps:
    return Naps()


def _delivery(database: Database, module: Exporter, clock: Naps, config: Any = None, **more: Any) -> Delivery:
    route = Route("it", module, config, Surroundings({}, Path("/"), "probe"), ORIGIN)
    return Delivery(database, route, clock, **{"chance": lambda: 1.0, **more})


async def _append(database: Database, numbers: Iterable[int]) -> None:
    added: list[Record] = records(numbers)
    await database.run(lambda connection: queue.append(connection, added))


async def _run_until(delivery: Delivery, done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run())
        while not done():
            await asyncio.sleep(0.001)
        running.cancel()


async def _status(database: Database, delivery: Delivery) -> ExporterStatus:
    def facts(connection: Connection) -> tuple[Depth, dict[str, int]]:
        return queue.depth(connection)["it"], loss.dropped(connection).get("it", {})

    return delivery.status(*await database.read(facts))


async def test_after_an_outage_all_of_it_arrives_at_full_speed(database: Database, clock: Naps) -> None:
    exporter = Scripted(in_turn(*[RETRY] * 4))
    delivery = _delivery(database, exporter, clock)
    await _append(database, range(1200))
    await _run_until(delivery, lambda: len(exporter.tried) == 7)
    first = [str(number) for number in range(500)]
    assert exporter.tried[:5] == [first] * 5
    assert [len(tried) for tried in exporter.tried[4:]] == [500, 500, 200]
    assert clock.naps == [S // 2, S, 2 * S, 4 * S]


async def test_pauses_grow_to_a_minute_with_full_jitter_and_without_end(database: Database, clock: Naps) -> None:
    exporter = Scripted(lambda batch: RETRY)
    chance = random.Random(1)
    delivery = _delivery(database, exporter, clock, chance=chance.random)
    await _append(database, [1])
    await _run_until(delivery, lambda: len(exporter.tried) > 2000)
    chance.seed(1)
    longest = [min(S // 2 * 2**tries, 60 * S) for tries in range(10)] + [60 * S] * 1990
    assert clock.naps[:2000] == [int(chance.random() * each) for each in longest]


async def test_what_the_other_side_asks_for_goes_before_the_usual_pause(database: Database, clock: Naps) -> None:
    exporter = Scripted(in_turn(RETRY, Outcome(Result.RETRY, "later", 77 * S), RETRY))
    delivery = _delivery(database, exporter, clock)
    await _append(database, [1])
    await _run_until(delivery, lambda: len(exporter.tried) == 4)
    assert clock.naps == [S // 2, 77 * S, 2 * S]


async def test_a_pause_is_long_and_keeps_everything_and_is_told_once(
    database: Database, clock: Naps, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "probe.delivery")
    exporter = Scripted(in_turn(RETRY, PAUSED, PAUSED, PAUSED))
    delivery = _delivery(database, exporter, clock)
    await _append(database, [1])
    await _run_until(delivery, lambda: delivery.status(NOTHING, {}).delivered == 1)
    assert clock.naps == [S // 2, PAUSE_NS, PAUSE_NS, PAUSE_NS]
    assert caplog.messages == [
        "it is retrying: no (everything is kept; trying again)",
        "it is paused: no (everything is kept; asking again every 5 m 00 s)",
        "it is delivering again after 15 m 00 s",
    ]


async def test_a_hurry_ends_a_pause(database: Database) -> None:
    exporter = Scripted(in_turn(PAUSED))
    route = Route("it", exporter, None, Surroundings({}, Path("/"), "probe"), ORIGIN)
    delivery = Delivery(database, route, SystemClock())
    await _append(database, [1])

    def delivered() -> bool:
        if exporter.tried:
            delivery.hurry()
        return len(exporter.tried) == 2

    await _run_until(delivery, delivered)


async def test_a_hurry_ends_one_pause_only(database: Database, clock: Naps) -> None:
    exporter = Scripted(in_turn(PAUSED, PAUSED, PAUSED))
    delivery = _delivery(database, exporter, clock)
    await _append(database, [1])
    delivery.hurry()
    await _run_until(delivery, lambda: len(exporter.tried) == 4)
    assert clock.read().wall_ns == START_NS + 2 * PAUSE_NS


async def test_a_credential_that_was_replaced_is_read_before_anything_is_paused(
    database: Database, clock: Naps
) -> None:
    exporter = Scripted(in_turn(ACKED, PAUSED))
    delivery = _delivery(database, exporter, clock)
    await _append(database, range(700))
    await _run_until(delivery, lambda: len(exporter.tried) == 3)
    assert (clock.naps, exporter.sessions) == ([0], 2)


async def test_a_record_that_is_refused_is_found_by_halving_and_only_it_is_put_aside(
    database: Database, clock: Naps
) -> None:
    exporter = Scripted(lambda batch: REJECTED if "321" in keys(batch.lines) else ACKED)
    delivery = _delivery(database, exporter, clock)
    await _append(database, range(1000))
    assert await delivery.drain(20 * S)
    arrived = Counter(key for tried in exporter.tried if "321" not in tried for key in tried)
    dead = await database.run(lambda connection: connection.execute("SELECT reason, body FROM dead").fetchall())
    assert {str(number) for number in range(1000)} - set(arrived) == {"321"}
    assert (set(arrived.values()), keys(body for _, body in dead), dead[0][0]) == ({1}, ["321"], "no")
    assert len(exporter.tried) < 40
    assert len(arrived) == 999 + 1, "the centre is told of the gap"


async def test_one_who_refuses_everything_is_asked_ever_more_slowly(database: Database, clock: Naps) -> None:
    """It may be the wrong address, and what is refused is lost."""
    exporter = Scripted(lambda batch: REJECTED)
    delivery = _delivery(database, exporter, clock)
    await _append(database, range(500))
    await _run_until(delivery, lambda: len(clock.naps) > 10)
    assert clock.naps[:10] == [min(S // 2 * 2**tries, 60 * S) for tries in range(10)]
    assert len(exporter.tried) < 9 + 15, "after the first it sends one by one"


async def test_an_exporters_mistake_is_told_and_tried_again(database: Database, clock: Naps) -> None:
    def stumble(batch: Batch) -> Outcome:
        if len(exporter.tried) == 1:
            raise KeyError("a mistake\nin two lines")
        if len(exporter.tried) == 2:
            raise TimeoutError("its own")
        return ACKED

    exporter = Scripted(stumble)
    delivery = _delivery(database, exporter, clock)
    await _append(database, [1])
    reasons: list[str] = []

    def delivered() -> bool:
        reasons.append(delivery.status(NOTHING, {}).reason)
        return len(exporter.tried) == 3

    await _run_until(delivery, delivered)
    assert list(dict.fromkeys(reason for reason in reasons if reason))[-1] == "TimeoutError: its own"
    assert clock.naps == [S // 2, S]


class Closed(Scripted):
    @asynccontextmanager
    async def open_session(self, config: Any, surroundings: Surroundings) -> AsyncIterator[None]:
        self.sessions += 1
        if self.sessions < 3:
            raise ProbeError("the token has no value")
        yield


async def test_what_a_person_has_to_put_right_is_a_pause(database: Database, clock: Naps) -> None:
    exporter = Closed(in_turn())
    delivery = _delivery(database, exporter, clock)
    await _append(database, [1])
    await _run_until(delivery, lambda: bool(exporter.tried))
    assert clock.naps == [PAUSE_NS, PAUSE_NS]


async def test_an_exporter_that_does_not_come_back_is_given_up(database: Database, clock: Naps) -> None:
    class Stuck(Scripted):
        async def send(self, config: Any, batch: Batch, session: Any) -> Outcome:
            await super().send(config, batch, session)
            if len(self.tried) < 3:
                await asyncio.Event().wait()
            return ACKED

    exporter = Stuck(in_turn())
    delivery = _delivery(database, exporter, clock, send_limit_ns=20 * MS)
    await _append(database, [1])
    await _run_until(delivery, lambda: len(exporter.tried) == 3)
    status = await _status(database, delivery)
    assert (clock.naps, status.reason) == ([S // 2, S], "no outcome within 20.0 ms")


async def test_a_disk_that_takes_no_writes_stops_nothing_for_good(database: Database, clock: Naps) -> None:
    exporter = Scripted(in_turn())
    delivery = _delivery(database, exporter, clock)
    await _append(database, [1])
    await database.run(lambda connection: connection.execute("PRAGMA query_only = ON").fetchall())
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run())
        while len(clock.naps) < 3:
            await asyncio.sleep(0.001)
        during = (await _status(database, delivery)).state
        await database.read(lambda connection: connection.execute("PRAGMA query_only = OFF").fetchall())
        while (await _status(database, delivery)).records:
            await asyncio.sleep(0.001)
        running.cancel()
    assert (during, exporter.tried) == ("retrying", [["1"]])


async def test_what_comes_while_there_is_nothing_to_do_goes_at_once(database: Database, clock: Naps) -> None:
    exporter = Scripted(in_turn())
    delivery = _delivery(database, exporter, clock)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run())
        for number in range(3):
            await _append(database, [number])
            delivery.wake()
            while len(exporter.tried) <= number:
                await asyncio.sleep(0.001)
        running.cancel()
    assert (exporter.tried, exporter.sessions, clock.naps) == ([["0"], ["1"], ["2"]], 1, [])


async def test_while_there_is_nothing_to_do_it_does_nothing(database: Database, clock: Naps) -> None:
    delivery = _delivery(database, Scripted(in_turn()), clock)
    await _append(database, [1])
    delivery.wake()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run())
        await asyncio.sleep(0.1)
        looks = clock.looks
        await asyncio.sleep(0.1)
        running.cancel()
    assert clock.looks == looks


async def test_a_remark_on_what_was_taken_is_told(
    database: Database, clock: Naps, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = _delivery(database, Scripted(in_turn(Outcome(Result.ACKED, "1 of 1 is too old"))), clock)
    await _append(database, [1])
    await delivery.drain(10 * S)
    assert caplog.messages == ["it: 1 of 1 is too old"]


async def test_what_an_answer_says_beside_having_taken_a_batch_is_passed_on(database: Database, clock: Naps) -> None:
    told: list[str] = []
    outcomes = in_turn(Outcome(Result.ACKED, seen_from="8.8.4.4"), ACKED, Outcome(Result.RETRY, seen_from="9.9.9.9"))
    delivery = _delivery(database, Scripted(outcomes), clock, heard=lambda outcome: told.append(outcome.seen_from))
    for number in range(3):
        await _append(database, [number])
        await delivery.drain(10 * S)
    assert told == ["8.8.4.4", "", ""]


async def test_how_it_stands_is_told(database: Database, clock: Naps) -> None:
    exporter = Scripted(lambda batch: ACKED if len(exporter.tried) == 1 else RETRY)
    delivery = _delivery(database, exporter, clock)
    await _append(database, range(600))
    before = await _status(database, delivery)
    await _run_until(delivery, lambda: len(clock.naps) > 1)
    status = await _status(database, delivery)
    size = sum(len(encode_record(each)) for each in records(range(500, 600)))
    assert (before.state, before.records, before.delivered) == ("waiting", 600, 0)
    assert status == ExporterStatus(
        exporter="it",
        state="stopped",
        records=100,
        bytes=size,
        oldest=datetime_of(START_NS + 500 * S),
        delivered=500,
        retries=len(exporter.tried) - 1,
        dropped={},
        reason="no",
        delivered_at=datetime_of(START_NS),
    )


@pytest.mark.parametrize(
    ("outcomes", "expected", "tries"),
    [
        ([], True, 2),
        ([RETRY, RETRY], True, 4),
        ([RETRY] * 9, False, 3),
        ([PAUSED], False, 1),
        ([ACKED, PAUSED, PAUSED], False, 3),
        ([Outcome(Result.RETRY, "later", 10 * S)], False, 1),
    ],
)
async def test_what_is_left_at_the_end_is_delivered_if_anything_moves(
    database: Database, clock: Naps, outcomes: list[Outcome], expected: bool, tries: int
) -> None:
    exporter = Scripted(in_turn(*outcomes))
    delivery = _delivery(database, exporter, clock)
    await _append(database, range(600))
    drained = await delivery.drain(10 * S)
    status = await _status(database, delivery)
    assert (drained, len(exporter.tried), status.state) == (expected, tries, "stopped")
    assert (status.records == 0) is expected


async def test_the_end_does_not_wait_for_one_who_hangs(database: Database, clock: Naps) -> None:
    class Stuck(Scripted):
        async def send(self, config: Any, batch: Batch, session: Any) -> Outcome:
            await asyncio.Event().wait()
            return ACKED

    await _append(database, [1])
    assert not await _delivery(database, Stuck(in_turn()), clock).drain(50 * MS)


async def test_a_batch_that_was_tried_is_the_same_after_a_restart(tmp_path: Path, serve: Serve) -> None:
    receiver = Receiver(answer(503, Retry_After="9"), cut_off, answer(200, "<html>"), answer(429))
    config = hub.Config(await serve(receiver.talk))
    for life in range(5):
        database = await Database.open(tmp_path / "state")
        await database.run(lambda connection: queue.enrol(connection, ["it"]))
        await _append(database, range(3 * life, 3 * life + 3))
        await _run_until(_delivery(database, hub, Naps(), config), lambda life=life: len(receiver.received) > life)  # type: ignore[misc]
        await database.close()
    bodies = [received.body for received in receiver.received]
    assert bodies[:5] == [bodies[0]] * 5


async def test_a_hub_in_all_its_moods_gets_every_record_once(database: Database, clock: Naps, serve: Serve) -> None:
    def picky(received: Received) -> bytes:
        return answer(400, '{"error": "7 is no record", "hint": ""}') if "7" in received.keys else taken(received)

    receiver = Receiver(
        answer(500),
        answer(429, Retry_After="7"),
        cut_off,
        answer(200, "<html>"),
        answer(401),
        answer(413),
        *[picky] * 40,
    )
    delivery = _delivery(database, hub, clock, hub.Config(await serve(receiver.talk)))
    await _append(database, range(10))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(delivery.run())
        while (await _status(database, delivery)).records:
            await asyncio.sleep(0.005)
        running.cancel()
    bodies = [received.body for received in receiver.received]
    assert bodies[:6] == [bodies[0]] * 6
    assert clock.naps[:5] == [S // 2, 7 * S, 2 * S, 4 * S, PAUSE_NS]
    assert (await _status(database, delivery)).dropped == {"rejected": 1}


async def test_one_who_is_stuck_holds_up_no_other(tmp_path: Path, serve: Serve) -> None:
    database = await Database.open(tmp_path / "state")
    await database.run(lambda connection: queue.enrol(connection, ["stuck", "fine"]))
    stuck, fine = Receiver(None), Receiver()
    surroundings = Surroundings({}, tmp_path, "probe")
    deliveries = [
        Delivery(
            database, Route(name, hub, hub.Config(await serve(receiver.talk)), surroundings, ORIGIN), SystemClock()
        )
        for name, receiver in (("stuck", stuck), ("fine", fine))
    ]
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = [group.create_task(delivery.run()) for delivery in deliveries]
        while not stuck.received:
            await _append(database, [0])
            for delivery in deliveries:
                delivery.wake()
            await asyncio.sleep(0.005)
        await _append(database, range(1, 600))
        deliveries[1].wake()
        while len({key for batch in fine.keys for key in batch}) < 600:
            await asyncio.sleep(0.005)
        for task in running:
            task.cancel()
    await database.close()
    assert stuck.keys == [["0"]]


async def test_it_may_be_cancelled_at_any_moment(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "state")
    await database.run(lambda connection: queue.enrol(connection, ["it"]))
    surroundings = Surroundings({}, tmp_path, "probe")
    route = Route("it", jsonl, jsonl.Config("runs.jsonl"), surroundings, ORIGIN)
    dice = random.Random(7)
    for life in range(150):
        await _append(database, range(3 * life, 3 * life + 3))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(Delivery(database, route, SystemClock()).run())
            await asyncio.sleep(dice.uniform(0, 0.004))
            running.cancel()
    assert await Delivery(database, route, SystemClock()).drain(20 * S)
    await database.close()
    assert keys((tmp_path / "runs.jsonl").read_bytes().splitlines()) == [str(number) for number in range(450)]


KILLS = 60


def test_killed_at_any_moment_it_delivers_every_record_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.agent.test_delivery", str(tmp_path), str(KILLS)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    committed = ran.stdout.split()
    delivered = Counter(keys((tmp_path / "runs.jsonl").read_bytes().splitlines()))
    print(f"{KILLS} kills, {len(committed)} records committed")
    assert (set(committed) - set(delivered), set(delivered.values())) == (set(), {1})
    assert len(committed) > KILLS


def _die_again_and_again(folder: Path, kills: int) -> None:
    """Lives that append and deliver until each is killed, and a last one that delivers what is left."""
    dice = random.Random(20261125)
    for life in range(kills + 1):
        pid = os.fork()
        if pid == 0:
            asyncio.run(_live(folder, life, last=life == kills))
            os._exit(0)
        if life < kills:
            time.sleep(dice.uniform(0.005, 0.12))
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


async def _live(folder: Path, life: int, *, last: bool) -> None:
    database = await Database.open(folder / "state")
    await database.run(lambda connection: queue.enrol(connection, ["it"]))
    route = Route("it", jsonl, jsonl.Config("runs.jsonl"), Surroundings({}, folder, "probe"), ORIGIN)
    delivery = Delivery(database, route, SystemClock())
    if last:
        await delivery.drain(30 * S)
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(delivery.run())
        for number in range(1_000_000):
            added = record(1_000_000 * life + number)
            await database.run(lambda connection, added=added: queue.append(connection, [added]))  # type: ignore[misc]
            os.write(1, f"{added.key}\n".encode())
            delivery.wake()
            await asyncio.sleep(0.001)


if __name__ == "__main__":
    _die_again_and_again(Path(sys.argv[1]), int(sys.argv[2]))
