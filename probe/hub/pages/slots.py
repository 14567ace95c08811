"""A journey's ledger: what became of the slots in each region, and when and why there were none."""

from collections.abc import Sequence

from msgspec import Struct

from probe.hub.ledger import Held, LedgerLine
from probe.hub.pages.moment import Moment, interval, moment
from probe.model.record import SlotsRecord


class LedgerRow(Struct, frozen=True):
    region: str
    agent: str
    every: str
    held: Held


class MissingRow(Struct, frozen=True):
    """Slots in a row without a run."""

    region: str
    agent: str
    count: int
    state: str
    reason: str
    first: Moment
    last: Moment


def ledger_rows(lines: Sequence[LedgerLine]) -> tuple[LedgerRow, ...]:
    return tuple(LedgerRow(line.region, line.agent, interval(line.account.every_ns), line.held) for line in lines)


def missing_rows(records: Sequence[SlotsRecord], now_ns: int) -> tuple[MissingRow, ...]:
    """The latest first."""
    return tuple(_missing(record, now_ns) for record in sorted(records, key=lambda record: record.at, reverse=True))


def _missing(record: SlotsRecord, now_ns: int) -> MissingRow:
    first, last = (moment(index * record.every_ns + record.offset_ns, now_ns) for index in (record.first, record.last))
    count = record.last - record.first + 1
    return MissingRow(record.region, record.agent, count, record.state, record.reason, first, last)
