"""`hub.db`: one connection that writes, and one that only reads for each thread."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from probe.durable.folder import hold_folder, open_database
from probe.hub import schema
from probe.hub.facts import StoreTrouble

FILE = "hub.db"
_LARGEST_WAL = 64 * 2**20


class Database:
    def __init__(self, path: Path, writing: sqlite3.Connection, lock: int) -> None:
        self._path = path
        self._writing = writing
        self._turn = threading.Lock()
        self._lock = lock
        self._mine = threading.local()
        self._readers: list[sqlite3.Connection] = []

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The folder's database, made when it is not there. FolderError says why it cannot be had."""
        lock = hold_folder(folder, "another hub", "stop it, or give this one a --data of its own")
        try:
            return cls(folder / FILE, _connect(folder / FILE), lock)
        except BaseException:
            os.close(lock)
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done in it is on disk at its end, or nothing is."""
        with self._turn, told():
            self._writing.execute("BEGIN IMMEDIATE")
            try:
                yield self._writing
                self._writing.execute("COMMIT")
            except BaseException:
                if self._writing.in_transaction:
                    self._writing.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with told():
            connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
            if connection is None:
                connection = self._mine.connection = _connect_reader(self._path)
                self._readers.append(connection)
            yield connection

    def close(self) -> None:
        """The writer last: it empties the log."""
        for connection in (*self._readers, self._writing):
            connection.close()
        os.close(self._lock)


@contextmanager
def told() -> Iterator[None]:
    """What SQLite has to say, in the store's words."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
        raise StoreTrouble(str(error), full=full) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = open_database(path, schema.VERSION, schema.create, upgrade=schema.upgrade)
    connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_WAL}")
    return connection


def _connect_reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("PRAGMA mmap_size = 0")  # a broken disk is an error then, not a signal
    return connection
