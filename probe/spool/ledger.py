"""The slot ledger: what became of every slot. All functions work inside a transaction of `Database.run`.

An era is a journey on one grid without a break. Its slots are counted from `first`, and all before `next` are accounted
for: `next - first == ran + skipped + missed + running` holds after every transaction.
"""

from collections.abc import Iterable
from sqlite3 import Connection

from msgspec import Struct
from msgspec.structs import replace

from probe.model.slot import Account, Reason, SlotState

RUNNING = "running"


class InFlight(Struct, frozen=True):
    """A run that had begun when the agent died."""

    journey: str
    every_ns: int
    offset_ns: int
    index: int
    run_id: str
    at_ns: int


def open_era(connection: Connection, journey: str, every_ns: int, offset_ns: int, first: int) -> int:
    """The first slot that is not accounted for, of the journey's era on this grid.

    One on another grid ends, and a new one begins at the slot `first`.
    """
    row = connection.execute(
        "SELECT next FROM era WHERE journey = ? AND open AND every_ns = ? AND offset_ns = ?",
        (journey, every_ns, offset_ns),
    ).fetchone()
    return int(row[0]) if row else new_era(connection, journey, every_ns, offset_ns, first)


def new_era(connection: Connection, journey: str, every_ns: int, offset_ns: int, first: int) -> int:
    """Begins anew at the slot `first`, whatever was before."""
    connection.execute("UPDATE era SET open = 0 WHERE journey = ? AND open", (journey,))
    connection.execute(
        "INSERT INTO era (journey, every_ns, offset_ns, first, next, open) VALUES (?, ?, ?, ?, ?, 1)",
        (journey, every_ns, offset_ns, first, first),
    )
    return first


def close_others(connection: Connection, journeys: Iterable[str]) -> None:
    """Ends the eras of all other journeys: their slots are not expected any more."""
    kept = list(journeys)
    marks = ", ".join("?" * len(kept))
    connection.execute(f"UPDATE era SET open = 0 WHERE open AND journey NOT IN ({marks})", kept)  # noqa: S608


def begin(connection: Connection, journey: str, index: int, run_id: str, at_ns: int) -> None:
    """Slot `index` is running from now on; the slots before it are accounted for already."""
    era = _advance(connection, journey, index, index)
    connection.execute("INSERT INTO slot VALUES (?, ?, ?, ?, '', ?, ?)", (era, index, index, RUNNING, run_id, at_ns))


def account(
    connection: Connection, journey: str, first: int, last: int, state: SlotState, reason: Reason, at_ns: int
) -> None:
    """Slots `first` to `last` had no run."""
    era = _advance(connection, journey, first, last)
    connection.execute("INSERT INTO slot VALUES (?, ?, ?, ?, ?, '', ?)", (era, first, last, state, reason, at_ns))
    _count(connection, era, state, reason, last - first + 1)


def end(connection: Connection, run_id: str, state: SlotState = SlotState.RAN, reason: Reason | None = None) -> None:
    """The run is over, or never began: then its slot is skipped after all. Does nothing when that is told already."""
    words = reason or ""
    row = connection.execute(
        "UPDATE slot SET state = ?, reason = ? WHERE run_id = ? AND state = ? RETURNING era",
        (state, words, run_id, RUNNING),
    ).fetchone()
    if row is not None:
        _count(connection, row[0], state, words, 1)


def in_flight(connection: Connection) -> list[InFlight]:
    rows = connection.execute(
        "SELECT e.journey, e.every_ns, e.offset_ns, s.first, s.run_id, s.at_ns"
        " FROM slot s JOIN era e ON e.id = s.era WHERE s.state = 'running'"
    )
    return [InFlight(*row) for row in rows.fetchall()]


def accounts(connection: Connection, ended_since_ns: int | None = None) -> list[Account]:
    """The open eras, by journey, and those that ended with a slot due at that instant or later.

    `definition` is for the caller to fill in.
    """
    rows = connection.execute(
        "SELECT journey, every_ns, offset_ns, first, next, ran, skipped, missed,"
        " (SELECT count(*) FROM slot WHERE era = era.id AND state = 'running'), NOT open FROM era"
        " WHERE open OR next > first AND (next - 1) * every_ns + offset_ns >= ? ORDER BY journey, id",
        (2**63 - 1 if ended_since_ns is None else ended_since_ns,),
    )
    return [replace(Account(*row[:9]), ended=bool(row[9])) for row in rows.fetchall()]


def tallies(connection: Connection) -> list[tuple[str, str, str, int]]:
    """(journey, state, reason, count) over the ledger's life."""
    return connection.execute("SELECT journey, state, reason, count FROM tally ORDER BY 1, 2, 3").fetchall()


def expected(connection: Connection) -> dict[str, int]:
    """The slots of each journey over the ledger's life. One whose run outlives its era counts when the run ends."""
    rows = connection.execute(
        "SELECT journey, sum(next - first"
        " - (SELECT count(*) FROM slot WHERE era = era.id AND state = 'running' AND NOT era.open))"
        " FROM era GROUP BY journey"
    )
    return dict(rows.fetchall())


def forget(connection: Connection, before_ns: int, most: int = 1000) -> int:
    """Deletes what became of single slots before that instant, so many at a time; how many. The sums stay."""
    gone = connection.execute(
        "DELETE FROM slot WHERE (era, first) IN"
        " (SELECT era, first FROM slot WHERE at_ns < ? AND state != 'running' LIMIT ?)",
        (before_ns, most),
    )
    return gone.rowcount


def _advance(connection: Connection, journey: str, first: int, last: int) -> int:
    """Moves the era on over slots that follow on the ones before: no slot is told twice, none is left out."""
    row = connection.execute(
        "UPDATE era SET next = ? WHERE journey = ? AND open AND next = ? RETURNING id", (last + 1, journey, first)
    ).fetchone()
    if row is None:
        raise ValueError(f"slot {first} of {journey} does not follow on the one before it")
    return int(row[0])


def _count(connection: Connection, era: int, state: str, reason: str, count: int) -> None:
    column = SlotState(state).value
    row = connection.execute(
        f"UPDATE era SET {column} = {column} + ? WHERE id = ? RETURNING journey",  # noqa: S608
        (count, era),
    ).fetchone()
    connection.execute(
        "INSERT INTO tally VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        (row[0], state, reason, count),
    )
