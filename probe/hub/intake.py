"""Records into the tables, inside one transaction; what is there already stays as it is."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Connection

from probe.hub.admission import Span, refusal
from probe.hub.facts import Appended
from probe.hub.rows import RUN_COLUMNS, SeriesKey, due_instants, pack_run, run_figures, series_of
from probe.model.instant import nanoseconds_of
from probe.model.record import GapRecord, Heartbeat, Record, RunRecord, SlotsRecord, decode_record, encode_record
from probe.model.result import Run

RELEASED_AT_ONCE = 1000

log = logging.getLogger("probe.hub")
_UNFIT = (OverflowError, ValueError, RecursionError)
"""What a number, a text or a nesting that no table holds comes to: the record is to blame, and will always be."""


class Intake:
    """One batch. `allowed` is the time from which records are taken; `now_ns` when the batch came."""

    def __init__(self, connection: Connection, allowed: Span, now_ns: int) -> None:
        self._connection = connection
        self._allowed = allowed
        self._now_ns = now_ns
        self._series: dict[SeriesKey, int] = {}

    def take(self, records: Sequence[Record]) -> Appended:
        fates: Counter[str] = Counter()
        refused: list[tuple[str, str]] = []
        spoke: set[tuple[str, str, str]] = set()
        for record in records:
            try:
                fates[self._take(record)] += 1
                spoke.add(_speaker(record))
            except _UNFIT as error:
                refused.append((record.key, str(error)))
        self._note(spoke)
        return Appended(**fates, refused=tuple(refused))

    def release(self) -> None:
        """Takes out of quarantine what is not from the future any more; what cannot be kept after all is lost."""
        rows = self._connection.execute(
            "SELECT key, body FROM quarantine WHERE at_ns <= ? ORDER BY at_ns LIMIT ?",
            (self._allowed.newest_ns, RELEASED_AT_ONCE),
        ).fetchall()
        for key, body in rows:
            try:
                with self._whole():
                    self._keep(decode_record(body))
            except _UNFIT as error:
                log.error("a record that was in quarantine cannot be kept and is lost: %.100r: %s", key, error)
            self._connection.execute("DELETE FROM quarantine WHERE key = ?", (key,))

    def _take(self, record: Record) -> str:
        """What became of it, as `Appended` calls it; an error of `_UNFIT` says why it is refused."""
        if reason := refusal(record, self._allowed):
            raise ValueError(reason)
        with self._whole():
            if self._early(record):
                return "quarantined" if self._quarantine(record) else "duplicate"
            return "new" if self._keep(record) else "duplicate"

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Of a record that turns out unfit, nothing stays."""
        self._connection.execute("SAVEPOINT whole")
        try:
            yield
        except _UNFIT:
            self._connection.execute("ROLLBACK TO whole")
            self._connection.execute("RELEASE whole")
            self._series.clear()  # it may know of one that is not there any more
            raise
        self._connection.execute("RELEASE whole")

    def _early(self, record: Record) -> bool:
        """A heartbeat is of use even when its agent's clock is wrong."""
        return not isinstance(record, Heartbeat) and nanoseconds_of(record.at) > self._allowed.newest_ns

    def _keep(self, record: Record) -> bool:
        """Whether it is new."""
        match record:
            case RunRecord(run):
                return self._keep_run(run)
            case SlotsRecord():
                values = (record.key, self._series_id(series_of(record)), *due_instants(record), encode_record(record))
                return self._insert("INSERT OR IGNORE INTO slots VALUES (?, ?, ?, ?, ?)", values)
            case GapRecord():
                lost = nanoseconds_of(record.since), nanoseconds_of(record.until)
                return self._insert(
                    "INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?)", (record.key, *lost, encode_record(record))
                )
            case Heartbeat():
                return self._keep_beat(record)

    def _keep_run(self, run: Run) -> bool:
        at_ns, *figures = run_figures(run)
        added = self._connection.execute(
            "INSERT OR IGNORE INTO record (run_id, body) VALUES (?, ?)", (run.run_id, pack_run(run))
        )
        if not added.rowcount:
            return False
        self._connection.execute(
            f"INSERT INTO run ({RUN_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (self._series_id(series_of(run)), at_ns, added.lastrowid, *figures),
        )
        return True

    def _keep_beat(self, beat: Heartbeat) -> bool:
        """Only the latest one, and never one from later than now in its way."""
        at_ns = min(nanoseconds_of(beat.at), self._now_ns)
        for account in beat.accounts:
            self._series_id(SeriesKey(beat.env, account.journey, beat.region, beat.agent))
        return self._insert(
            "INSERT INTO agent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET beat_ns = excluded.beat_ns, beat = excluded.beat WHERE excluded.beat_ns > beat_ns",
            (beat.region, beat.agent, beat.env, self._now_ns, at_ns, encode_record(beat)),
        )

    def _quarantine(self, record: Record) -> bool:
        values = (record.key, nanoseconds_of(record.at), self._now_ns, encode_record(record))
        return self._insert("INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?)", values)

    def _note(self, spoke: set[tuple[str, str, str]]) -> None:
        self._connection.executemany(
            "INSERT INTO agent (region, agent, env, heard_ns) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET heard_ns = max(heard_ns, excluded.heard_ns)",
            [(*speaker, self._now_ns) for speaker in spoke],
        )

    def _insert(self, statement: str, values: tuple[str | int | bytes, ...]) -> bool:
        return self._connection.execute(statement, values).rowcount > 0

    def _series_id(self, key: SeriesKey) -> int:
        known = self._series.get(key)
        if known is not None:
            return known
        names = (key.env, key.journey, key.region, key.agent)
        self._connection.execute(
            "INSERT OR IGNORE INTO series (env, journey, region, agent) VALUES (?, ?, ?, ?)", names
        )
        row = self._connection.execute(
            "SELECT id FROM series WHERE env = ? AND journey = ? AND region = ? AND agent = ?", names
        ).fetchone()
        return self._series.setdefault(key, int(row[0]))


def _speaker(record: Record) -> tuple[str, str, str]:
    named = record.run if isinstance(record, RunRecord) else record
    return named.region, named.agent, named.env
