"""A folder with databases in it that one process has at a time: the agent's state, the hub's data."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from probe.errors import ProbeError

Change = Callable[[sqlite3.Connection], None]
"""What is done to a database's tables, within a transaction."""

PATIENCE_S = 10
"""How long a transaction waits for the one of another process."""


class Log(StrEnum):
    """How SQLite keeps a transaction whole.

    Write-ahead is the fast one, for one process at a time: before 3.51.3 a log that two connections write or checkpoint
    at once can be corrupted (https://www.sqlite.org/wal.html#walresetbug). Rollback is for files that several share.
    """

    AHEAD = "WAL"
    ROLLBACK = "DELETE"


class FolderError(ProbeError):
    """The folder cannot be used: another process has it, it cannot be written, or it is from a newer version."""


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise FolderError(f"the folder {folder} cannot be used: {error.strerror}") from None


def make_private(path: Path) -> None:
    """Makes the file when it is not there: records and tokens are nobody else's business."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def hold_folder(folder: Path, holder: str, hint: str, *, shared: bool = False) -> int:
    """A descriptor that holds the folder until it is closed, by the kernel when the process dies.

    `holder` is who has it when it is held already, `hint` what to do then. `shared` holds it together with others that
    do, and against whoever wants it alone.
    """
    make_folder(folder)
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderError(f"the folder {folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise FolderError(f"{holder} uses the folder {folder}: {hint}") from None
    return descriptor


def is_held(folder: Path) -> bool:
    """Whether a process has it; leaves nothing behind, as `hold_folder` does."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_writable(path: Path) -> bool:
    """Whether a file or folder there could be written to, or made with the folders above it."""
    if path.exists():
        return os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0))
    nearest = next((parent for parent in path.parents if parent.exists()), path)
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def open_database(
    path: Path, version: int, create: Change, log: Log = Log.AHEAD, upgrade: Change | None = None
) -> sqlite3.Connection:
    """A writing connection, with everything that is committed on disk.

    `create` makes the tables of a new file, `upgrade` those of this version out of the ones of the version before.
    """
    try:
        make_private(path)
    except OSError as error:
        raise FolderError(f"{path} cannot be used: {error.strerror}") from None
    connection = sqlite3.connect(path, PATIENCE_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA journal_mode = {log}")
        connection.execute(f"PRAGMA synchronous = {'FULL' if log is Log.AHEAD else 'EXTRA'}")
        _make_or_know(connection, path, version, create, upgrade)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise FolderError(f"{path} cannot be used: {error}; move it away to begin anew") from None
    except FolderError:
        connection.close()
        raise
    return connection


def make_tables(connection: sqlite3.Connection, statements: str) -> None:
    """Within the transaction that is open: `executescript` would end it. No comment may have a semicolon in it."""
    for statement in filter(str.strip, statements.split(";")):
        connection.execute(statement)


def _make_or_know(
    connection: sqlite3.Connection, path: Path, version: int, create: Change, upgrade: Change | None
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > version:
        raise FolderError(f"{path} was made by a newer probe (format {found}, this one knows {version})")
    change = create if found == 0 else upgrade if found == version - 1 else None
    if change is not None:
        change(connection)
        connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("COMMIT")
