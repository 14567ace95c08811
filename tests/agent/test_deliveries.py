import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.agent.clock import SystemClock
from probe.agent.config import Export
from probe.agent.deliveries import Deliveries, enrol
from probe.agent.load import Loaded
from probe.export import hub as to_hub
from probe.export.base import Token
from probe.export.jsonl import Config
from probe.hub.app import Hub
from probe.hub.facts import Scope
from probe.hub.tokens import digest_of
from probe.model.duration import NANOSECONDS
from probe.spool import loss, queue
from probe.spool.database import Database
from tests.agent.recording import PLACE, config, heartbeat
from tests.conftest import Serve
from tests.export.receiver import Receiver, answer

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


async def adopt(database: Database, deliveries: Deliveries, loaded: Loaded) -> None:
    await database.run(lambda connection: enrol(connection, loaded))
    deliveries.adopt(loaded)


async def until_delivered(database: Database) -> None:
    async with asyncio.timeout(10):
        while await database.run(queue.totals) != (0, 0):
            await asyncio.sleep(0.01)


async def test_every_exporter_gets_everything_and_the_last_is_delivered_at_the_end(
    database: Database, tmp_path: Path
) -> None:
    deliveries = Deliveries(database, loaded(tmp_path, "a", "b"), {}, SystemClock())
    await database.run(lambda connection: enrol(connection, deliveries.loaded))
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 3)
        await until_delivered(database)
        await database.run(lambda connection: queue.append(connection, [heartbeat()]))
        deliveries.finish(5 * S)
    assert (lines(tmp_path / "a"), lines(tmp_path / "b")) == (4, 4)
    assert await database.run(queue.totals) == (0, 0)
    assert [(each.exporter, each.state, each.records, each.delivered) for each in await deliveries.statuses()] == [
        ("jsonl a", "stopped", 0, 4),
        ("jsonl b", "stopped", 0, 4),
    ]


async def test_a_hub_tells_the_agent_under_which_address_it_is_seen(
    database: Database, tmp_path: Path, serve: Serve
) -> None:
    told: list[str] = []
    reply = answer(200, '{"new": 1, "duplicate": 0, "quarantined": 0, "refused": [], "seen_from": "8.8.4.4"}')
    exports = (Export("hub", to_hub.Config(await serve(Receiver(reply).talk)), PLACE),)
    loaded = Loaded(config(export=exports), tmp_path, (), (), ())
    deliveries = Deliveries(database, loaded, {}, SystemClock(), lambda outcome: told.append(outcome.seen_from))
    await database.run(lambda connection: enrol(connection, loaded))
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 1)
        await until_delivered(database)
        deliveries.finish(5 * S)
    assert told == ["8.8.4.4"]


async def test_an_exporter_that_is_stuck_holds_up_no_other(database: Database, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    deliveries = Deliveries(database, loaded(tmp_path, "folder", "b"), {}, SystemClock())
    await database.run(lambda connection: enrol(connection, deliveries.loaded))
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
    await database.run(lambda connection: enrol(connection, deliveries.loaded))
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 2)
        await until_delivered(database)
        await adopt(database, deliveries, loaded(tmp_path, "c"))
        await add(database, deliveries, 2)
        await until(tmp_path / "c", 2)
        await adopt(database, deliveries, loaded(tmp_path, "c"))
        await add(database, deliveries, 1)
        await until(tmp_path / "c", 3)
        deliveries.finish(S)
    assert (lines(tmp_path / "a"), lines(tmp_path / "c")) == (2, 3)


async def test_without_exporters_nothing_is_kept(database: Database, tmp_path: Path) -> None:
    deliveries = Deliveries(database, loaded(tmp_path), {}, SystemClock())
    await database.run(lambda connection: enrol(connection, deliveries.loaded))
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 3)
        deliveries.finish(S)
    assert (await database.run(queue.totals), await deliveries.statuses()) == ((0, 0), ())


async def test_an_exporter_keeps_its_place_when_the_list_is_changed(database: Database, tmp_path: Path) -> None:
    (tmp_path / "stuck").mkdir()
    deliveries = Deliveries(database, loaded(tmp_path, "a", "stuck"), {}, SystemClock())
    await database.run(lambda connection: enrol(connection, deliveries.loaded))
    async with asyncio.TaskGroup() as group:
        group.create_task(deliveries.run())
        await add(database, deliveries, 3)
        async with asyncio.timeout(10):
            while (await database.run(queue.depth))["jsonl a"].records:
                await asyncio.sleep(0.01)
        await adopt(database, deliveries, loaded(tmp_path, "stuck"))
        (tmp_path / "stuck").rmdir()
        await adopt(database, deliveries, loaded(tmp_path, "stuck"))
        await until(tmp_path / "stuck", 3)
        deliveries.finish(S)
    assert (lines(tmp_path / "a"), lines(tmp_path / "stuck")) == (3, 3)
    assert await database.run(loss.dropped) == {}


async def test_what_waited_for_an_exporter_that_is_taken_out_is_counted_and_told(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await database.run(lambda connection: enrol(connection, loaded(tmp_path, "a", "b")))
    await database.run(lambda connection: queue.append(connection, [heartbeat(), heartbeat()]))
    await database.run(lambda connection: enrol(connection, loaded(tmp_path, "a")))
    assert await database.run(loss.dropped) == {"jsonl b": {"removed": 2}}
    assert "jsonl b is not in the configuration any more: 2 records that waited for it are given up" in caplog.text


async def test_an_exporter_that_moves_takes_along_what_waited(database: Database, tmp_path: Path) -> None:
    await database.run(lambda connection: enrol(connection, loaded(tmp_path, "a")))
    await database.run(lambda connection: queue.append(connection, [heartbeat(), heartbeat()]))
    await database.run(lambda connection: enrol(connection, loaded(tmp_path, "b")))
    assert (await database.run(queue.depth))["jsonl b"].records == 2
    assert await database.run(loss.dropped) == {}


async def test_that_the_token_is_another_agents_is_a_remark_while_it_is_so(database: Database, tmp_path: Path) -> None:
    async with Hub(tmp_path / "hub") as hub:
        for value, names in (("theirs", ("there", "they")), ("ours", ("here", "me"))):
            hub.store.add_token(Scope.INGEST, *names, digest_of(value), now_ns=1)
        export = Export("hub", to_hub.Config(hub.url, token=Token(file="token")), PLACE)
        (tmp_path / "token").write_text("theirs")
        deliveries = Deliveries(database, Loaded(config(export=(export,)), tmp_path, (), (), ()), {}, SystemClock())
        await database.run(lambda connection: enrol(connection, deliveries.loaded))
        remarks = []
        for value in ("theirs", "ours"):
            (tmp_path / "token").write_text(value)
            async with asyncio.TaskGroup() as group:
                running = group.create_task(deliveries.run())
                await add(database, deliveries, 1)
                await until_delivered(database)
                running.cancel()
            remarks += [deliveries.remarks]
    said = "the token is another agent's: the hub keeps them as those of they in there"
    assert ([said in remark for remark in remarks[0]], remarks[1]) == ([True], [])
