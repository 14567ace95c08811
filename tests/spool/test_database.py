import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.durable.folder import FolderError
from probe.spool.database import FILE, VERSION, Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    yield database
    await database.close()


def names(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM meta WHERE name LIKE 'test%' ORDER BY 1")]


def put(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO meta VALUES (?, '')", (name,))


async def test_a_transaction_is_whole_or_nothing(database: Database) -> None:
    def breaks(connection: sqlite3.Connection) -> None:
        put(connection, "test 1")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await database.run(breaks)
    await database.run(lambda connection: put(connection, "test 2"))
    assert await database.run(names) == ["test 2"]


async def test_every_commit_is_on_disk(database: Database) -> None:
    modes = await database.run(
        lambda c: [c.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    )
    assert modes == ["wal", 2]


async def test_transactions_take_place_in_the_order_they_were_asked_for(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(database.run(lambda c, number=number: put(c, f"test {number:02}")))  # type: ignore[misc]
    rows = await database.run(lambda c: c.execute("SELECT name FROM meta WHERE name LIKE 'test%' ORDER BY rowid"))
    assert [row[0] for row in rows] == [f"test {number:02}" for number in range(50)]


async def test_a_second_agent_on_the_folder_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=f"another agent uses the folder {tmp_path}: stop it"):
        await Database.open(tmp_path)


async def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(3):
        database = await Database.open(tmp_path)
        await database.close()


async def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    await (await Database.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(FolderError, match=rf"made by a newer probe \(format {VERSION + 1}, this one knows {VERSION}\)"):
        await Database.open(tmp_path)


async def test_a_broken_file_is_said_to_be_broken_and_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(FolderError, match="move it away to begin anew"):
        await Database.open(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize("folder", ["file/state", "file"])
async def test_a_folder_that_cannot_be_had_is_said_so(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="cannot be used"):
        await Database.open(tmp_path / folder)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    before = descriptors()
    await (await Database.open(tmp_path)).close()
    (tmp_path / FILE).write_bytes(b"broken" * 1000)
    for _ in range(5):
        with pytest.raises(FolderError):
            await Database.open(tmp_path)
    assert descriptors() <= before


async def test_a_read_is_possible_where_nothing_can_be_written(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    await database.run(lambda connection: put(connection, "test 1"))
    await database.run(lambda connection: connection.execute("PRAGMA query_only = 1"))
    with pytest.raises(sqlite3.OperationalError):
        await database.run(lambda connection: put(connection, "test 2"))
    assert await database.read(names) == ["test 1"]
    await database.close()
