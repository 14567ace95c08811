"""`effects.db`: what writes may have left behind, on disk before a request leaves, until it is taken back.

All functions work inside a transaction of `Transactions.run`. Secrets are not in it: an undo resolves them anew.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from probe.durable.folder import Log, make_tables, open_database
from probe.durable.transactions import Transactions
from probe.model.duration import NANOSECONDS
from probe.model.result import EffectState

VERSION = 1
FILE = "effects.db"

PAUSES_NS = tuple(n * NANOSECONDS[unit] for n, unit in ((1, "m"), (5, "m"), (15, "m"), (1, "h"), (3, "h"), (6, "h")))
"""Between the tries to undo an effect. After the last one it is leaked: a person must look at it."""

KEPT_NS = 30 * NANOSECONDS["d"]
"""How long an effect that is over, or that nothing can undo, is still listed."""

_TABLES = """
-- A write, from before it was sent: unknown until its answer came. `body` is the Entry, `due_ns` when to undo it.
CREATE TABLE effect (
  key TEXT PRIMARY KEY, run_id TEXT NOT NULL, journey TEXT NOT NULL, state TEXT NOT NULL, undoable INTEGER NOT NULL,
  opened_ns INTEGER NOT NULL, due_ns INTEGER NOT NULL, body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX effect_due ON effect (due_ns) WHERE undoable AND state IN ('open', 'unknown');

-- What runs were allowed to write, for budgets. `boot_ns` counts from the boot named so: the wall clock may be set.
CREATE TABLE spent (
  run_id TEXT PRIMARY KEY, journey TEXT NOT NULL, writes INTEGER NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL,
  at_ns INTEGER NOT NULL, boot TEXT NOT NULL, boot_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_journey ON spent (journey, at_ns);
"""


class Entry(Struct, frozen=True, omit_defaults=True):
    """One write: who sent it, and what its undo needs to know."""

    key: str
    """The idempotency key it was sent with."""
    run_id: str
    journey: str
    file: str
    """The journey's file, absolute."""
    step: str
    region: str
    agent: str
    env: str
    undoable: bool
    opened_ns: int
    """Wall-clock nanoseconds from the Unix epoch, as all instants here."""
    state: EffectState = EffectState.UNKNOWN
    amount: str = ""
    values: dict[str, Any] = {}
    """What names stood for, without secrets and what was made of them."""
    tries: int = 0
    due_ns: int = 0
    note: str = ""
    """What the last try to undo it said."""

    @property
    def needs_attention(self) -> bool:
        return self.undoable and self.state is not EffectState.UNDONE


async def open_journal(folder: Path) -> Transactions:
    """The folder's journal, made when it is not there; several processes may have it. FolderError when it is no use."""
    thread = ThreadPoolExecutor(1, FILE)
    try:
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(
            thread, open_database, folder / FILE, VERSION, create_tables, Log.ROLLBACK
        )
    except BaseException:
        thread.shutdown(wait=False)
        raise
    return Transactions(connection, thread)


def create_tables(connection: Connection) -> None:
    make_tables(connection, _TABLES)


def put(connection: Connection, entry: Entry) -> None:
    """Enters the write, or what became of it."""
    connection.execute(
        "INSERT OR REPLACE INTO effect VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.key,
            entry.run_id,
            entry.journey,
            entry.state,
            entry.undoable,
            entry.opened_ns,
            entry.due_ns,
            msgspec.json.encode(entry),
        ),
    )


def drop(connection: Connection, key: str) -> None:
    """The write was never sent, or refused: there is nothing to undo."""
    connection.execute("DELETE FROM effect WHERE key = ?", (key,))


def find(connection: Connection, key: str) -> Entry | None:
    row = connection.execute("SELECT body FROM effect WHERE key = ?", (key,)).fetchone()
    return None if row is None else _decode(row)


def entries(connection: Connection) -> list[Entry]:
    """All of them, the oldest first."""
    return [_decode(row) for row in connection.execute("SELECT body FROM effect ORDER BY opened_ns, key")]


def to_undo(connection: Connection, now_ns: int) -> list[Entry]:
    """Those whose turn it is, the youngest first: later writes may build on earlier ones.

    One that is to wait longer than anything waits has its instant from a clock that was set back since.
    """
    rows = connection.execute(
        "SELECT body FROM effect WHERE undoable AND state IN ('open', 'unknown') AND (due_ns <= ? OR due_ns > ?)"
        " ORDER BY opened_ns DESC, key",
        (now_ns, now_ns + PAUSES_NS[-1]),
    )
    return [_decode(row) for row in rows]


def attention(connection: Connection) -> tuple[int, int]:
    """How many undoable effects are open or unknown, and how many are leaked."""
    rows = connection.execute("SELECT state, count(*) FROM effect WHERE undoable GROUP BY 1").fetchall()
    counts = dict(rows)
    return counts.get("open", 0) + counts.get("unknown", 0), counts.get("leaked", 0)


def forget(connection: Connection, now_ns: int) -> None:
    """What is over, or cannot be undone, is listed no longer after `KEPT_NS`; what needs somebody stays."""
    connection.execute(
        "DELETE FROM effect WHERE opened_ns < ? AND (state = 'undone' OR NOT undoable)", (now_ns - KEPT_NS,)
    )


def undone(entry: Entry) -> Entry:
    return replace(entry, state=EffectState.UNDONE, note="")


def not_undone(entry: Entry, why: str, now_ns: int) -> Entry:
    """The entry after a try that failed: with the next one's instant, or leaked."""
    if entry.tries >= len(PAUSES_NS):
        return replace(entry, state=EffectState.LEAKED, tries=entry.tries + 1, note=why)
    return replace(entry, tries=entry.tries + 1, due_ns=now_ns + PAUSES_NS[entry.tries], note=why)


def _decode(row: tuple[bytes]) -> Entry:
    return msgspec.json.decode(row[0], type=Entry)
