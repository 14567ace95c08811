import sqlite3
from pathlib import Path

import pytest

from probe.durable.folder import FolderError
from probe.hub.database import FILE, Database
from probe.hub.facts import StoreTrouble


def test_it_is_durable_and_only_one_connection_writes(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.transaction() as writing, database.reading() as reading:
        pragmas = [writing.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reading.execute("DELETE FROM run")
    database.close()
    assert pragmas == ["wal", 2]


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    insert = "INSERT INTO agent (region, agent, env, heard_ns) VALUES ('r', 'a', 'e', 1)"
    with pytest.raises(StoreTrouble, match="incomplete input"), database.transaction() as connection:
        connection.execute(insert).connection.execute("INSERT")
    with database.transaction() as connection:
        connection.execute(insert)
    with database.reading() as connection:
        count = connection.execute("SELECT count(*) FROM agent").fetchone()[0]
    database.close()
    assert count == 1


def test_a_second_hub_on_the_same_folder_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    first = Database.open(tmp_path)
    with pytest.raises(FolderError, match="another hub uses the folder"):
        Database.open(tmp_path)
    first.close()
    Database.open(tmp_path).close()


def test_data_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FolderError, match=r"made by a newer probe \(format 99, this one knows 2\)"):
        Database.open(tmp_path)


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, and long enough to be looked at" * 99)
    with pytest.raises(FolderError, match="cannot be used: file is not a database; move it away to begin anew"):
        Database.open(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match=r"the folder .*/file/hub cannot be used: Not a directory"):
        Database.open(tmp_path / "file" / "hub")
