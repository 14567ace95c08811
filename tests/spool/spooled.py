"""Records for the spool's tests, and a spool in memory."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from probe.model.instant import datetime_of
from probe.model.record import GapRecord, Heartbeat, Record, decode_record
from probe.spool.database import create_tables

S = 10**9
NOW_NS = 1_793_577_600 * S


def spool() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    return connection


def record(number: int, at_ns: int | None = None, filling: str = "") -> Heartbeat:
    """Its key is its number; one per second."""
    return Heartbeat(
        key=str(number),
        region="eu-west-1",
        agent="agent-1",
        env="production",
        at=datetime_of(NOW_NS + number * S if at_ns is None else at_ns),
        every_ns=15 * S,
        probe="0.1.0",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        notices=(filling,) if filling else (),
    )


def records(numbers: Iterable[int]) -> list[Record]:
    return [record(number) for number in numbers]


def keys(lines: Iterable[bytes]) -> list[str]:
    return [decode_record(line).key for line in lines]


def gaps(lines: Iterable[bytes]) -> list[GapRecord]:
    return [each for line in lines if isinstance(each := decode_record(line), GapRecord)]
