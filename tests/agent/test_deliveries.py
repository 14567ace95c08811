import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.agent.clock import SystemClock
from probe.agent.config import Export
from probe.agent.deliveries import Deliveries
from probe.agent.load import Loaded
from probe.export.jsonl import Config
from probe.model.duration import NANOSECONDS
from probe.spool import queue
from probe.spool.database import Database
from tests.agent.recording import PLACE, config, heartbeat

S = NANOSECONDS["s"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "state")
    yield database
    await database.close()


def loaded(folder: Path, *paths: str) -> Loaded:
    exports = tuple(Export("jsonl", Config(path=path), PLACE) for path in paths)
    return Loaded(config(export=exports), folder, (), (), ())


async def add(database: Database, deliveries: Deliveries, count: int) -> None:
    await database.run(lambda connection: queue.append(connection, [heartbeat() for _ in range(count)]))
    deliveries.wake()


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


async def until(path: Path, count: int) -> None:
    async with asyncio.timeout(10):
        while lines(path) < count:
            await asyncio.sleep(0.01)


async def until_delivered(database: Database) -> None:
    async with asyncio.timeout(10):
        while await database.run(queue.totals) != (0, 0):
            await asyncio.sleep(0.01)


async def test_every_exporter_gets_everything_and_the_last_is_delivered_at_the_end(
    database: Database, tmp_path: Path
) -> None:
    deliveries = Deliveries(database, loaded(tmp_path, "a", "b"), {}, SystemClock())
    await deliveries.enrol()
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 3)
        await until_delivered(database)
        await database.run(lambda connection: queue.append(connection, [heartbeat()]))
        deliveries.finish(5 * S)
    assert (lines(tmp_path / "a"), lines(tmp_path / "b")) == (4, 4)
    assert await database.run(queue.totals) == (0, 0)
    assert [(each.exporter, each.state, each.records, each.delivered) for each in await deliveries.statuses()] == [
        ("jsonl", "stopped", 0, 4),
        ("jsonl-2", "stopped", 0, 4),
    ]


async def test_an_exporter_that_is_stuck_holds_up_no_other(database: Database, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    deliveries = Deliveries(database, loaded(tmp_path, "folder", "b"), {}, SystemClock())
    await deliveries.enrol()
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 3)
        await until(tmp_path / "b", 3)
        deliveries.finish(S)
    stuck, other = await deliveries.statuses()
    assert (stuck.records, other.records) == (3, 0)
    assert stuck.reason


async def test_exporters_are_replaced_by_a_reload_and_nothing_is_lost(database: Database, tmp_path: Path) -> None:
    deliveries = Deliveries(database, loaded(tmp_path, "a"), {}, SystemClock())
    await deliveries.enrol()
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 2)
        await until_delivered(database)
        await deliveries.adopt(loaded(tmp_path, "c"))
        await add(database, deliveries, 2)
        await until(tmp_path / "c", 2)
        await deliveries.adopt(loaded(tmp_path, "c"))
        await add(database, deliveries, 1)
        await until(tmp_path / "c", 3)
        deliveries.finish(S)
    assert (lines(tmp_path / "a"), lines(tmp_path / "c")) == (2, 3)


async def test_without_exporters_nothing_is_kept(database: Database, tmp_path: Path) -> None:
    deliveries = Deliveries(database, loaded(tmp_path), {}, SystemClock())
    await deliveries.enrol()
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 3)
        deliveries.finish(S)
    assert (await database.run(queue.totals), await deliveries.statuses()) == ((0, 0), ())
