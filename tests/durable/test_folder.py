import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from probe.durable.folder import (
    FolderError,
    hold_folder,
    is_held,
    is_writable,
    make_folder,
    make_private,
    make_tables,
    open_database,
)


def create(connection: sqlite3.Connection) -> None:
    make_tables(connection, "CREATE TABLE a (b TEXT); CREATE TABLE c (d TEXT);\n")


def test_a_folder_is_held_by_one_and_free_when_that_ends(tmp_path: Path) -> None:
    held = hold_folder(tmp_path / "new" / "folder", "another one", "stop it")
    with pytest.raises(FolderError, match=f"another one uses the folder {tmp_path}/new/folder: stop it"):
        hold_folder(tmp_path / "new" / "folder", "another one", "stop it")
    os.close(held)
    os.close(hold_folder(tmp_path / "new" / "folder", "another one", "stop it"))


def test_what_is_made_is_for_its_owner_only(tmp_path: Path) -> None:
    make_folder(tmp_path / "folder")
    make_private(tmp_path / "folder" / "file")
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "folder", tmp_path / "folder" / "file")] == [
        "0o700",
        "0o600",
    ]


def test_a_new_file_gets_its_tables_once_and_all_that_is_committed_is_on_disk(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(open_database(tmp_path / "x.db", 3, create)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master ORDER BY 1").fetchall()
            modes = [
                connection.execute(f"PRAGMA {each}").fetchone()[0]
                for each in ("user_version", "journal_mode", "synchronous")
            ]
            assert (names, modes) == ([("a",), ("c",)], [3, "wal", 2])


def test_tables_that_cannot_be_made_leave_an_empty_file(tmp_path: Path) -> None:
    def breaks(connection: sqlite3.Connection) -> None:
        make_tables(connection, "CREATE TABLE a (b TEXT); CREATE NONSENSE")

    with pytest.raises(FolderError, match="cannot be used: near"):
        open_database(tmp_path / "x.db", 1, breaks)
    with closing(open_database(tmp_path / "x.db", 1, create)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (2,)


def test_a_newer_file_is_not_touched(tmp_path: Path) -> None:
    open_database(tmp_path / "x.db", 9, create).close()
    with pytest.raises(FolderError, match=r"made by a newer probe \(format 9, this one knows 8\)"):
        open_database(tmp_path / "x.db", 8, create)


def test_a_file_of_the_version_before_is_upgraded_once(tmp_path: Path) -> None:
    def upgrade(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE later (d TEXT)")

    open_database(tmp_path / "x.db", 1, create).close()
    for _ in range(2):
        with closing(open_database(tmp_path / "x.db", 2, create, upgrade=upgrade)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            assert (names, connection.execute("PRAGMA user_version").fetchone()) == ({"a", "c", "later"}, (2,))


def test_whether_a_folder_is_held_is_seen_without_a_trace(tmp_path: Path) -> None:
    assert (is_held(tmp_path), list(tmp_path.iterdir())) == (False, [])
    descriptor = hold_folder(tmp_path, "another", "stop it")
    assert is_held(tmp_path)
    os.close(descriptor)
    assert not is_held(tmp_path)


def test_whether_something_could_be_written_is_seen_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    places = [tmp_path, tmp_path / "file", tmp_path / "new" / "deep", tmp_path / "file" / "below", Path("/proc/1/x/y")]
    assert [is_writable(place) for place in places] == [True, True, True, False, False]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
