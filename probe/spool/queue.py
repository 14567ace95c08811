"""The spool: encoded records until every exporter has delivered them.

All functions work inside a transaction of `Database.run`, and none looks at more of the spool than it changes. What is
above an exporter's cursor waits for it; what is below all cursors is deleted. So all that is kept waits for the
exporter that is furthest behind.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from sqlite3 import Connection

from msgspec import Struct

from probe.model.batch import Batch
from probe.model.instant import datetime_of, nanoseconds_of
from probe.model.record import Record, encode_record


class Depth(Struct, frozen=True):
    """What waits for an exporter. `oldest` is the instant of the record that is next."""

    records: int
    bytes: int
    oldest: datetime | None


def enrol(connection: Connection, exporters: Iterable[str]) -> None:
    """From now on records are kept for these exporters: a new one gets all that is there, one left out none."""
    names = set(exporters)
    known = {name for (name,) in connection.execute("SELECT exporter FROM cursor")}
    connection.executemany(
        "INSERT INTO cursor SELECT ?, 0, coalesce(max(records), 0), coalesce(max(bytes), 0) FROM cursor",
        [(name,) for name in sorted(names - known)],
    )
    for table in ("cursor", "batch", "gap"):
        connection.executemany(f"DELETE FROM {table} WHERE exporter = ?", [(name,) for name in known - names])  # noqa: S608
    trim(connection)


def append(connection: Connection, records: Iterable[Record]) -> int:
    """Puts records in, each once (by its key); how many were new. Nothing is kept while no exporter is enrolled."""
    if connection.execute("SELECT 1 FROM cursor").fetchone() is None:
        return 0
    sizes = [size for record in records if (size := _insert(connection, record))]
    connection.execute("UPDATE cursor SET records = records + ?, bytes = bytes + ?", (len(sizes), sum(sizes)))
    return len(sizes)


def next_batch(connection: Connection, exporter: str, *, most: int, most_bytes: int) -> Batch | None:
    """The exporter's frozen batch, or else the next records, frozen from now on; None when nothing waits.

    A batch has at most that many records and bytes, and one record at least.
    """
    row = connection.execute("SELECT first, last, digest FROM batch WHERE exporter = ?", (exporter,)).fetchone()
    if row is not None:
        lines = connection.execute("SELECT body FROM record WHERE seq BETWEEN ? AND ? ORDER BY seq", row[:2])
        batch = Batch(exporter, row[0], row[1], tuple(body for (body,) in lines))
        if _digest(batch.lines) == row[2]:
            return batch
        unfreeze(connection, batch)  # the file was damaged or edited: what is left of it goes as a batch of its own
    return _freeze(connection, exporter, most, most_bytes)


def ack(connection: Connection, batch: Batch) -> int:
    """The exporter delivered the batch; how many records that were: none when they had been dropped meanwhile."""
    if not unfreeze(connection, batch):
        return 0
    size = sum(map(len, batch.lines))
    connection.execute(
        "UPDATE cursor SET acked = ?, records = records - ?, bytes = bytes - ? WHERE exporter = ?",
        (batch.last, len(batch.lines), size, batch.exporter),
    )
    trim(connection)
    return len(batch.lines)


def split(connection: Connection, batch: Batch) -> None:
    """The first half of a batch of several takes its place; the other half waits again."""
    half = batch.lines[: len(batch.lines) // 2]
    connection.execute(
        "UPDATE batch SET digest = ?, last = (SELECT seq FROM record WHERE seq >= first ORDER BY seq LIMIT 1 OFFSET ?)"
        " WHERE exporter = ? AND first = ? AND last = ?",
        (_digest(half), len(half) - 1, batch.exporter, batch.first, batch.last),
    )


def depth(connection: Connection) -> dict[str, Depth]:
    """What waits for each exporter."""
    rows = connection.execute(
        "SELECT exporter, records, bytes, (SELECT at_ns FROM record WHERE seq > acked ORDER BY seq LIMIT 1)"
        " FROM cursor ORDER BY exporter"
    )
    return {
        name: Depth(records, size, None if at_ns is None else datetime_of(at_ns)) for name, records, size, at_ns in rows
    }


def totals(connection: Connection) -> tuple[int, int]:
    """All that is kept: records and bytes."""
    row = connection.execute("SELECT coalesce(max(records), 0), coalesce(max(bytes), 0) FROM cursor").fetchone()
    return int(row[0]), int(row[1])


def unfreeze(connection: Connection, batch: Batch) -> bool:
    """Whether the batch was frozen; it is no more."""
    return bool(
        connection.execute(
            "DELETE FROM batch WHERE exporter = ? AND first = ? AND last = ?",
            (batch.exporter, batch.first, batch.last),
        ).rowcount
    )


def trim(connection: Connection) -> None:
    """Deletes what nobody waits for."""
    connection.execute("DELETE FROM record WHERE seq <= (SELECT coalesce(min(acked), 1 << 62) FROM cursor)")


def _insert(connection: Connection, record: Record) -> int:
    """The size of its line; 0 when the spool has the key already."""
    line = encode_record(record)
    done = connection.execute(
        "INSERT INTO record (key, kind, at_ns, body) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        (record.key, record.__struct_config__.tag, nanoseconds_of(record.at), line),
    )
    return len(line) if done.rowcount else 0


def _freeze(connection: Connection, exporter: str, most: int, most_bytes: int) -> Batch | None:
    rows: list[tuple[int, bytes]] = []
    room = most_bytes
    for seq, line in connection.execute(
        "SELECT seq, body FROM record WHERE seq > (SELECT acked FROM cursor WHERE exporter = ?) ORDER BY seq LIMIT ?",
        (exporter, most),
    ):
        room -= len(line) + 1
        if rows and room < 0:
            break
        rows.append((seq, line))
    if not rows:
        return None
    batch = Batch(exporter, rows[0][0], rows[-1][0], tuple(line for _, line in rows))
    connection.execute(
        "INSERT INTO batch VALUES (?, ?, ?, ?)", (exporter, batch.first, batch.last, _digest(batch.lines))
    )
    return batch


def _digest(lines: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"\n".join(lines)).digest()
