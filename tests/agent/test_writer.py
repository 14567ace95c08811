import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from probe.agent import writer as writer_module
from probe.agent.writer import Change, Writer
from probe.spool import ledger, queue
from probe.spool.database import Database
from probe.spool.loss import Unwritten
from tests.agent.recording import heartbeat


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    await database.run(lambda connection: queue.enrol(connection, ["hub"]))
    yield database
    await database.close()


class FullDisk:
    """A database whose disk is full as long as `full` says so."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.full = True

    async def run(self, work: Any) -> Any:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        return await self.database.run(work)


async def kept(database: Database) -> tuple[int, dict[str, int]]:
    return await database.run(lambda connection: (queue.totals(connection)[0], ledger.expected(connection)))


def era(first: int) -> Any:
    return lambda connection: ledger.new_era(connection, "a", 60, 0, first)


async def test_a_change_and_its_records_are_on_disk_together(database: Database) -> None:
    calls: list[int] = []
    writer = Writer(database, lambda: calls.append(1))
    assert await writer.write(Change(era(5), (heartbeat(),)))
    assert (await kept(database), writer.unwritten, calls) == ((1, {"a": 0}), 0, [1])


async def test_a_change_whose_records_cannot_be_written_did_not_happen(database: Database) -> None:
    def breaks(connection: sqlite3.Connection) -> None:
        ledger.new_era(connection, "a", 60, 0, 5)
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await Writer(database, lambda: None).write(Change(breaks, (heartbeat(),)))
    assert await kept(database) == (0, {})


async def test_a_full_disk_keeps_changes_waiting_in_order(database: Database) -> None:
    disk = FullDisk(database)
    writer = Writer(disk, lambda: None)  # type: ignore[arg-type]
    assert not await writer.write(Change(era(5), (heartbeat(),)))
    assert not await writer.write(Change(lambda c: ledger.begin(c, "a", 5, "run", 1)))
    assert (writer.unwritten, writer.trouble) == (2, "database or disk is full")
    disk.full = False
    assert await writer.flush()
    assert (writer.unwritten, writer.trouble) == (0, "")
    assert await kept(database) == (1, {"a": 1})


async def test_a_disk_that_stays_full_costs_records_and_says_which_but_no_slot(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST_UNWRITTEN", 3)
    disk = FullDisk(database)
    writer = Writer(disk, lambda: None)  # type: ignore[arg-type]
    beats = [heartbeat() for _ in range(5)]
    await writer.write(Change(era(0)))
    for number, beat in enumerate(beats):
        await writer.write(Change(lambda c, number=number: ledger.begin(c, "a", number, f"{number}", 1), (beat,)))  # type: ignore[misc]
    assert writer.lost == Unwritten().add(beats[:2])
    disk.full = False
    await writer.flush()
    assert await kept(database) == (3, {"a": 5})
