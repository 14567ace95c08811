"""The store in a folder: SQLite, for as many regions as one machine can hear."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Self

import msgspec

from probe.compare.result import Sample
from probe.compare.summary import middle, percentile_95
from probe.hub.admission import span
from probe.hub.database import Database
from probe.hub.facts import AgentFacts, Appended, RunLine, Scope, SeriesFacts, Token
from probe.hub.forget import forget
from probe.hub.intake import Intake
from probe.hub.rows import LINE_COLUMNS, SAMPLE_COLUMNS, line_of, sample_of, unpack_run
from probe.hub.tokens import TokenFile
from probe.model.duration import NANOSECONDS
from probe.model.record import GapRecord, Heartbeat, Record, SlotsRecord
from probe.model.result import Run, Verdict

RETENTION_NS = 30 * NANOSECONDS["d"]

_Rows = list[tuple[Any, ...]]
_beats = msgspec.json.Decoder(Heartbeat)
_gaps = msgspec.json.Decoder(GapRecord)
_slots = msgspec.json.Decoder(SlotsRecord)


class SqliteStore:
    """Satisfies `probe.hub.facts.Store`."""

    def __init__(self, database: Database, tokens: TokenFile, retention_ns: int) -> None:
        self._database = database
        self._tokens = tokens
        self._retention_ns = retention_ns

    @classmethod
    def open(cls, folder: Path, retention_ns: int = RETENTION_NS) -> Self:
        """The store in the folder, made when it is not there. FolderError says why it cannot be had."""
        tokens = TokenFile(folder)
        return cls(Database.open(folder), tokens, retention_ns)

    def append(self, records: Sequence[Record], *, now_ns: int) -> Appended:
        with self._database.transaction() as connection:
            intake = Intake(connection, span(now_ns, self._retention_ns), now_ns)
            intake.release()
            return intake.take(records)

    def journeys(self) -> list[tuple[str, str]]:
        return [(env, journey) for env, journey in self._read("SELECT DISTINCT env, journey FROM series ORDER BY 1, 2")]

    def agents(self) -> list[AgentFacts]:
        rows = self._read("SELECT region, agent, env, heard_ns, beat FROM agent ORDER BY region, agent, env")
        return [
            AgentFacts(region, agent, env, heard_ns, _beats.decode(beat) if beat else None)
            for region, agent, env, heard_ns, beat in rows
        ]

    def overview(self, since_ns: int, until_ns: int) -> list[SeriesFacts]:
        with self._database.reading() as connection:
            series = connection.execute("SELECT env, journey, region, id FROM series ORDER BY 1, 2, 3").fetchall()
            return [
                _series_facts(connection, names, [one[3] for one in those], since_ns, until_ns)
                for names, those in groupby(series, key=itemgetter(0, 1, 2))
            ]

    def samples(self, env: str, journey: str, since_ns: int, until_ns: int) -> dict[str, list[Sample]]:
        rows = self._read(
            f"SELECT s.region, {SAMPLE_COLUMNS} FROM series s CROSS JOIN run r ON r.series = s.id"  # noqa: S608
            " WHERE s.env = ? AND s.journey = ? AND r.at_ns >= ? AND r.at_ns < ?"
            " AND r.trigger = 'schedule' AND r.slot IS NOT NULL ORDER BY s.region, r.at_ns",
            (env, journey, since_ns, until_ns),
        )
        by_region = groupby(rows, key=itemgetter(0))
        return {region: [sample_of(row[1:]) for row in those] for region, those in by_region}

    def run(self, run_id: str) -> Run | None:
        rows = self._read("SELECT body FROM record WHERE run_id = ?", (run_id,))
        return unpack_run(rows[0][0]) if rows else None

    def runs(
        self, env: str, journey: str, region: str | None, since_ns: int, until_ns: int, limit: int
    ) -> list[RunLine]:
        rows = self._read(
            f"SELECT {LINE_COLUMNS} FROM series s CROSS JOIN run r ON r.series = s.id"  # noqa: S608
            " WHERE s.env = ? AND s.journey = ? AND (? IS NULL OR s.region = ?) AND r.at_ns >= ? AND r.at_ns < ?"
            " ORDER BY r.at_ns DESC, r.record DESC LIMIT ?",
            (env, journey, region, region, since_ns, until_ns, limit),
        )
        return [line_of(row) for row in rows]

    def next_run(self, env: str, journey: str, region: str, after_ns: int) -> RunLine | None:
        rows = self._read(
            f"SELECT {LINE_COLUMNS} FROM series s CROSS JOIN run r ON r.series = s.id"  # noqa: S608
            " WHERE s.env = ? AND s.journey = ? AND s.region = ? AND r.at_ns > ? ORDER BY r.at_ns, r.record LIMIT 1",
            (env, journey, region, after_ns),
        )
        return line_of(rows[0]) if rows else None

    def slots(self, env: str, journey: str, since_ns: int, until_ns: int) -> list[SlotsRecord]:
        rows = self._read(
            "SELECT t.body FROM series s CROSS JOIN slots t ON t.series = s.id"
            " WHERE s.env = ? AND s.journey = ? AND t.until_ns >= ? AND t.since_ns < ? ORDER BY t.since_ns, t.key",
            (env, journey, since_ns, until_ns),
        )
        return [_slots.decode(body) for (body,) in rows]

    def ran(
        self, env: str, journey: str, region: str, agent: str, every_ns: int, since_ns: int, until_ns: int
    ) -> list[int]:
        rows = self._read(
            "SELECT DISTINCT r.slot FROM series s CROSS JOIN run r ON r.series = s.id"
            " WHERE s.env = ? AND s.journey = ? AND s.region = ? AND s.agent = ? AND r.at_ns >= ? AND r.at_ns < ?"
            " AND r.trigger = 'schedule' AND r.every_ns = ? AND r.slot IS NOT NULL ORDER BY r.slot",
            (env, journey, region, agent, since_ns, until_ns, every_ns),
        )
        return [slot for (slot,) in rows]

    def gaps(self, since_ns: int, until_ns: int) -> list[GapRecord]:
        rows = self._read(
            "SELECT body FROM gap WHERE until_ns >= ? AND since_ns < ? ORDER BY since_ns, key", (since_ns, until_ns)
        )
        return [_gaps.decode(body) for (body,) in rows]

    def quarantined(self) -> int:
        return int(self._read("SELECT count(*) FROM quarantine")[0][0])

    def add_token(self, scope: Scope, region: str, agent: str, digest: bytes, *, now_ns: int) -> Token:
        return self._tokens.add(scope, region, agent, digest, now_ns=now_ns)

    def tokens(self) -> list[Token]:
        return self._tokens.all()

    def find_token(self, digest: bytes, *, now_ns: int) -> Token | None:
        return self._tokens.find(digest, now_ns=now_ns)

    def revoke_token(self, token_id: int) -> bool:
        return self._tokens.revoke(token_id)

    def prune(self, before_ns: int) -> int:
        with self._database.transaction() as connection:
            return forget(connection, before_ns)

    def close(self) -> None:
        self._database.close()

    def _read(self, statement: str, values: Sequence[object] = ()) -> _Rows:
        with self._database.reading() as connection:
            return connection.execute(statement, values).fetchall()


def _series_facts(
    connection: Connection, names: tuple[str, str, str], ids: Sequence[int], since_ns: int, until_ns: int
) -> SeriesFacts:
    """Of one region, whose agents may have been several."""
    rows = [row for one in ids for row in _figures(connection, one, since_ns, until_ns)]
    clean = [duration for verdict, suspect, duration in rows if verdict == Verdict.PASSED and not suspect]
    p50, p95 = middle(clean), percentile_95(clean)
    verdicts = [verdict for verdict, _, _ in rows]
    env, journey, region = names
    return SeriesFacts(
        env=env,
        journey=journey,
        region=region,
        passed=verdicts.count(Verdict.PASSED),
        failed=verdicts.count(Verdict.FAILED),
        errored=verdicts.count(Verdict.ERRORED),
        suspect=sum(suspect for _, suspect, _ in rows),
        p50_ns=None if p50 is None else round(p50),
        p95_ns=None if p95 is None else round(p95),
        last=max((line for one in ids for line in _last(connection, one)), key=lambda line: line.at_ns, default=None),
    )


def _figures(connection: Connection, series: int, since_ns: int, until_ns: int) -> _Rows:
    return connection.execute(
        "SELECT verdict, suspect, duration_ns FROM run"
        " WHERE series = ? AND at_ns >= ? AND at_ns < ? AND trigger = 'schedule'",
        (series, since_ns, until_ns),
    ).fetchall()


def _last(connection: Connection, series: int) -> Iterator[RunLine]:
    row = connection.execute(
        f"SELECT {LINE_COLUMNS} FROM run r JOIN series s ON s.id = r.series"  # noqa: S608
        " WHERE r.series = ? AND r.trigger = 'schedule' ORDER BY r.at_ns DESC LIMIT 1",
        (series,),
    ).fetchone()
    if row is not None:
        yield line_of(row)
