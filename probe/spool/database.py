"""`runs.db`: ledger and spool in one file, because a run and its slot must be told in one transaction."""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self
from uuid import uuid4

from probe.durable.folder import hold_folder, make_tables, open_database
from probe.durable.transactions import Transactions

VERSION = 1
FILE = "runs.db"

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- A journey on a grid, from the index `first` on. All slots before `next` are accounted for.
CREATE TABLE era (
  id INTEGER PRIMARY KEY, journey TEXT NOT NULL, every_ns INTEGER NOT NULL, offset_ns INTEGER NOT NULL,
  first INTEGER NOT NULL, next INTEGER NOT NULL, open INTEGER NOT NULL,
  ran INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, missed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX era_open ON era (journey) WHERE open;

-- What became of slots `first` to `last` of an era. `running` ones have no end yet.
CREATE TABLE slot (
  era INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL, run_id TEXT NOT NULL, at_ns INTEGER NOT NULL, PRIMARY KEY (era, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX slot_running ON slot (run_id, era) WHERE state = 'running';
CREATE INDEX slot_at ON slot (at_ns);

-- How often what happened, for ever: the rows of `slot` are forgotten after a while, these are not.
CREATE TABLE tally (
  journey TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (journey, state, reason)
) STRICT, WITHOUT ROWID;

-- The spool: encoded records until every exporter has delivered them.
CREATE TABLE record (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at_ns INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX record_at ON record (at_ns);
-- What is above `acked` waits for the exporter: so many `records`, so many `bytes`.
CREATE TABLE cursor (
  exporter TEXT PRIMARY KEY, acked INTEGER NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE batch (
  exporter TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, digest BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE dropped (
  exporter TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (exporter, reason)
) STRICT, WITHOUT ROWID;
-- Of those, what no gap record tells of yet. `told` is the number of the gap record before.
CREATE TABLE gap (
  exporter TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, since_ns INTEGER NOT NULL,
  until_ns INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (exporter, reason)
) STRICT, WITHOUT ROWID;
-- What an exporter's other side refused for good, for a person to look at.
CREATE TABLE dead (
  seq INTEGER NOT NULL, exporter TEXT NOT NULL, reason TEXT NOT NULL, at_ns INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (exporter, seq)
) STRICT;
"""


class Database(Transactions):
    """Opened once per state folder; a second agent on the same folder is refused."""

    def __init__(self, connection: sqlite3.Connection, lock: int, thread: ThreadPoolExecutor) -> None:
        super().__init__(connection, thread)
        self._lock = lock

    @classmethod
    async def open(cls, folder: Path) -> Self:
        """The folder's database, made when it is not there. FolderError says why it cannot be had."""
        thread = ThreadPoolExecutor(1, "runs.db")
        try:
            lock = hold_folder(folder, "another agent", "stop it, or give this one a state: of its own")
            try:
                loop = asyncio.get_running_loop()
                opening = loop.run_in_executor(thread, open_database, folder / FILE, VERSION, create_tables)
                return cls(await opening, lock, thread)
            except BaseException:
                os.close(lock)
                raise
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def close(self) -> None:
        await super().close()
        os.close(self._lock)


def create_tables(connection: sqlite3.Connection) -> None:
    make_tables(connection, _TABLES)
    connection.execute("INSERT INTO meta VALUES ('state', ?)", (str(uuid4()),))
