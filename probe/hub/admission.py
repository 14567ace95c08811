"""Which records the hub takes. What it refuses, it would refuse for ever: the reason goes back to the agent."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from probe.model.duration import NANOSECONDS
from probe.model.instant import nanoseconds_of
from probe.model.record import GapRecord, Heartbeat, Record, RunRecord, SlotsRecord
from probe.model.result import Run

AHEAD_NS = 10 * NANOSECONDS["m"]
"""A record from further in the future waits in quarantine: the agent's clock is wrong."""
LONGEST_NAME = 1000
_LARGEST = 2**63 - 1
_REACH = 2**61
"""73 years in nanoseconds: what is reckoned from a slot's instant and a few intervals still fits in 64 bits."""


class Span(Struct, frozen=True):
    """What the store's clock and retention allow."""

    oldest_ns: int
    newest_ns: int


def span(now_ns: int, retention_ns: int) -> Span:
    return Span(now_ns - retention_ns, now_ns + AHEAD_NS)


def refusal(record: Record, allowed: Span) -> str:
    """Why the record will never be taken; empty when it will, at once or later."""
    mistake = next(_mistakes(record), "")
    if not mistake and nanoseconds_of(record.at) < allowed.oldest_ns:
        return "older than what is kept here"
    return mistake


def _mistakes(record: Record) -> Iterator[str]:
    named = record.run if isinstance(record, RunRecord) else record
    names = {"key": record.key, "region": named.region, "agent": named.agent, "env": named.env}
    yield from _bad_names(names)
    yield from _bad_instant(record.at)
    match record:
        case RunRecord(run):
            yield from _bad_names({"journey": run.journey})
            yield from _bad_run(run)
        case SlotsRecord():
            yield from _bad_names({"journey": record.journey})
            yield from _bad_slots(record.every_ns, record.offset_ns, record.first, record.last)
        case Heartbeat():
            if not 0 <= record.every_ns <= _REACH:
                yield f"no heartbeat comes every {record.every_ns} ns"
            for account in record.accounts:
                yield from _bad_names({"journey": account.journey})
                yield from _bad_slots(account.every_ns, account.offset_ns, account.first, account.next)
        case GapRecord():
            yield from _bad_instant(record.since)
            yield from _bad_instant(record.until)


def _bad_names(names: dict[str, str]) -> Iterator[str]:
    for name, text in names.items():
        if len(text) > LONGEST_NAME:
            yield f"{name} is longer than {LONGEST_NAME} characters"
        if not text and name != "env":
            yield f"{name} is empty"


def _bad_instant(at: datetime) -> Iterator[str]:
    if at.tzinfo is None:
        yield "a time has no offset from UTC"
    elif abs(nanoseconds_of(at)) > _LARGEST:
        yield f"{at} is beyond any time"


def _bad_run(run: Run) -> Iterator[str]:
    if not 0 <= run.duration_ns <= _LARGEST:
        yield f"a duration of {run.duration_ns} ns cannot be"
    if run.slot is not None:
        yield from _bad_slots(run.slot.every_ns, 0, run.slot.index, run.slot.index)


def _bad_slots(every_ns: int, offset_ns: int, first: int, last: int) -> Iterator[str]:
    """Their instants must be ones: 64 bits of nanoseconds, which reach to the year 2262."""
    grid = 0 < every_ns <= _REACH and abs(offset_ns) <= _REACH
    if not grid or first > last or abs(first) > _LARGEST or abs(first * every_ns + offset_ns) > _LARGEST // 2:
        yield f"no slots are {first} to {last}, every {every_ns} ns from {offset_ns} ns"
    elif last > _LARGEST or last * every_ns + offset_ns > _LARGEST:
        yield f"slot {last}, every {every_ns} ns, is beyond any time"
