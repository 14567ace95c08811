"""What the spool loses: nothing without counting it, by exporter and reason, and without telling the centre.

All functions work inside a transaction of `Database.run`. The centre is told by gap records: at most one of each reason
waits for an exporter, and what is lost meanwhile goes into the next, so that they cannot fill the spool. When a gap
record is dropped, its counts return to what is yet to be told; it is not counted itself.
"""

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from sqlite3 import Connection
from uuid import uuid4

from msgspec import Struct

from probe.model.batch import Batch
from probe.model.instant import datetime_of, nanoseconds_of
from probe.model.record import GapRecord, Record, decode_record
from probe.spool import queue
from probe.spool.queue import ack, append, trim, unfreeze

MOST_DEAD = 1000
MOST_DEAD_BYTES = 16 * 2**20

STEP = 1000
"""Records that are dropped in one transaction: others wait for it."""

_NEVER = 2**63 - 1
_ROW = "SELECT seq, length(body), at_ns, CASE kind WHEN 'gap' THEN body END FROM record"


class Origin(Struct, frozen=True):
    """Whose spool it is."""

    region: str
    agent: str
    env: str


class _Row(Struct, frozen=True):
    seq: int
    size: int
    at_ns: int
    gap: bytes | None
    """Its line, when it is a gap record."""


def bound(connection: Connection, *, most_bytes: int, before_ns: int) -> int:
    """Drops records from before that instant, then the oldest until the others fit; how many went.

    It stops after some: call it, in a transaction of its own, until it returns 0. A frozen batch of which a record is
    dropped will not be sent again: what else is in it counts as dropped for its exporter too.
    """
    old = [
        _Row(*row) for row in connection.execute(f"{_ROW} WHERE at_ns < ? ORDER BY at_ns LIMIT ?", (before_ns, STEP))
    ]
    _drop(connection, old, "age")
    excess = _oldest(connection, most_bytes)
    _drop(connection, excess, "size")
    return len(old) + len(excess)


def settle(connection: Connection, batch: Batch, refused: Collection[str]) -> int:
    """The exporter delivered the batch, but for the records of these keys, which the other side will not keep; how many
    it has then: none when they had been dropped meanwhile."""
    delivered = ack(connection, batch)
    if not delivered or not refused:
        return delivered
    lost = [record for record in map(decode_record, batch.lines) if record.key in refused]
    _count(connection, batch.exporter, "rejected", len(lost))
    instants = [nanoseconds_of(record.at) for record in lost if not isinstance(record, GapRecord)]
    if instants:  # the refusal of a gap record is not told of: it would be refused again
        _note(connection, batch.exporter, "rejected", len(instants), min(instants), max(instants))
    return delivered - len(lost)


def retire(connection: Connection, exporters: AbstractSet[str]) -> dict[str, int]:
    """Enrols these exporters and no others; how many records waited for each that is left out, when nobody gets them.

    A new exporter gets all that is kept, so that one that moved to another place loses nothing.
    """
    before = queue.depth(connection)
    queue.enrol(connection, exporters)
    if exporters - before.keys():
        return {}
    given_up = {name: depth.records for name, depth in before.items() if name not in exporters and depth.records}
    for name, count in given_up.items():
        _count(connection, name, "removed", count)
    return given_up


def reject(connection: Connection, batch: Batch, reason: str, now_ns: int) -> bool:
    """The other side refused a batch of one for good: it is put aside for a person to look at; False when it had been
    dropped meanwhile."""
    if not unfreeze(connection, batch):
        return False
    rows = [_Row(*row) for row in connection.execute(f"{_ROW} WHERE seq = ?", (batch.first,))]
    for row in rows:
        _count(connection, batch.exporter, "rejected", 1)
        if row.gap is None:  # the refusal of a gap record is not told of: it would be refused again
            _note(connection, batch.exporter, "rejected", 1, row.at_ns, row.at_ns)
    _pass(connection, batch.exporter, batch.last, rows)
    connection.execute(
        "INSERT OR REPLACE INTO dead VALUES (?, ?, ?, ?, ?)",
        (batch.first, batch.exporter, reason, now_ns, batch.lines[0]),
    )
    _bound_dead(connection)
    trim(connection)
    return True


class Unwritten(Struct, frozen=True):
    """Records that never came into the spool: how many, and the instants of the first and the last of them."""

    count: int = 0
    since_ns: int = _NEVER
    until_ns: int = 0

    def add(self, records: Iterable[Record]) -> "Unwritten":
        instants = [nanoseconds_of(record.at) for record in records]
        return Unwritten(self.count + len(instants), min([self.since_ns, *instants]), max([self.until_ns, *instants]))


def lose(connection: Connection, unwritten: Unwritten, reason: str) -> None:
    exporters = connection.execute("SELECT exporter FROM cursor").fetchall() if unwritten.count else []
    for (exporter,) in exporters:
        _count(connection, exporter, reason, unwritten.count)
        _note(connection, exporter, reason, unwritten.count, unwritten.since_ns, unwritten.until_ns)


def tell(connection: Connection, exporter: str, origin: Origin, now_ns: int) -> None:
    """Appends a gap record of each reason for which the exporter lost something and none waits already."""
    untold = connection.execute(
        "SELECT reason, count, since_ns, until_ns FROM gap JOIN cursor USING (exporter) WHERE exporter = ? AND count"
        " AND NOT EXISTS (SELECT 1 FROM record WHERE seq = told AND seq > acked)",
        (exporter,),
    ).fetchall()
    for reason, count, since_ns, until_ns in untold:
        record = GapRecord(
            key=str(uuid4()),
            region=origin.region,
            agent=origin.agent,
            env=origin.env,
            reason=reason,
            lost={exporter: count},
            since=datetime_of(since_ns),
            until=datetime_of(until_ns),
            at=datetime_of(now_ns),
        )
        append(connection, [record])
        connection.execute(
            "UPDATE gap SET count = 0, since_ns = ?, until_ns = 0, told = (SELECT max(seq) FROM record)"
            " WHERE exporter = ? AND reason = ?",
            (_NEVER, exporter, reason),
        )


def dropped(connection: Connection) -> dict[str, dict[str, int]]:
    """By exporter and reason, over the spool's life."""
    counts: dict[str, dict[str, int]] = {}
    for exporter, reason, count in connection.execute("SELECT exporter, reason, count FROM dropped ORDER BY 1, 2"):
        counts.setdefault(exporter, {})[reason] = count
    return counts


def _oldest(connection: Connection, most_bytes: int) -> list[_Row]:
    """As many as are too many."""
    excess = connection.execute("SELECT coalesce(max(bytes), 0) FROM cursor").fetchone()[0] - most_bytes
    rows: list[_Row] = []
    if excess > 0:
        for row in connection.execute(f"{_ROW} ORDER BY seq LIMIT ?", (STEP,)):
            rows.append(_Row(*row))
            excess -= rows[-1].size
            if excess <= 0:
                break
    return rows


def _drop(connection: Connection, rows: Sequence[_Row], reason: str) -> None:
    """For all exporters that have not delivered them."""
    if not rows:
        return
    cursors = connection.execute(
        "SELECT exporter, acked, coalesce(first, 0), coalesce(last, 0) FROM cursor LEFT JOIN batch USING (exporter)"
    ).fetchall()
    for exporter, acked, first, last in cursors:
        lost = {row.seq: row for row in rows if row.seq > acked}
        broken = any(first <= seq <= last for seq in lost)
        if broken:
            batch = connection.execute(f"{_ROW} WHERE seq BETWEEN ? AND ?", (first, last))
            lost |= {row[0]: _Row(*row) for row in batch}
            connection.execute("DELETE FROM batch WHERE exporter = ?", (exporter,))
        _lose(connection, exporter, list(lost.values()), reason)
        _pass(connection, exporter, last if broken else acked, list(lost.values()))
    connection.executemany("DELETE FROM record WHERE seq = ?", [(row.seq,) for row in rows])
    trim(connection)


def _lose(connection: Connection, exporter: str, rows: Sequence[_Row], reason: str) -> None:
    instants = [row.at_ns for row in rows if row.gap is None]
    if instants:
        _count(connection, exporter, reason, len(instants))
        _note(connection, exporter, reason, len(instants), min(instants), max(instants))
    for row in rows:
        gap = decode_record(row.gap) if row.gap is not None else None
        if isinstance(gap, GapRecord) and exporter in gap.lost:
            since_ns, until_ns = nanoseconds_of(gap.since), nanoseconds_of(gap.until)
            _note(connection, exporter, gap.reason, gap.lost[exporter], since_ns, until_ns)


def _pass(connection: Connection, exporter: str, acked: int, rows: Sequence[_Row]) -> None:
    """The exporter does not wait for these records any more."""
    connection.execute(
        "UPDATE cursor SET acked = ?, records = records - ?, bytes = bytes - ? WHERE exporter = ?",
        (acked, len(rows), sum(row.size for row in rows), exporter),
    )


def _count(connection: Connection, exporter: str, reason: str, count: int) -> None:
    connection.execute(
        "INSERT INTO dropped VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        (exporter, reason, count),
    )


def _note(connection: Connection, exporter: str, reason: str, count: int, since_ns: int, until_ns: int) -> None:
    """To be told in the next gap record."""
    connection.execute(
        "INSERT INTO gap (exporter, reason, count, since_ns, until_ns) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " count = count + excluded.count, since_ns = min(since_ns, excluded.since_ns),"
        " until_ns = max(until_ns, excluded.until_ns)",
        (exporter, reason, count, since_ns, until_ns),
    )


def _bound_dead(connection: Connection) -> None:
    """The newest stay."""
    connection.execute(
        "DELETE FROM dead WHERE rowid IN (SELECT id FROM (SELECT rowid AS id, row_number() OVER newest AS number,"
        " sum(length(body)) OVER newest AS size FROM dead WINDOW newest AS (ORDER BY rowid DESC))"
        " WHERE number > ? OR size > ?)",
        (MOST_DEAD, MOST_DEAD_BYTES),
    )
