import pytest
from msgspec.structs import replace

from probe.hub.admission import AHEAD_NS, LONGEST_NAME, Span, refusal, span
from probe.model.instant import datetime_of
from probe.model.record import Record
from probe.model.slot import Slot
from tests.hub.records import DAY, MINUTE, NAIVE, NOW, account, beat, gap_record, run_record, slots_record

ALLOWED = span(NOW, 30 * DAY)
LONG = "x" * (LONGEST_NAME + 1)
AT = datetime_of(NOW)


def test_what_is_allowed_reaches_back_to_the_retention_and_a_little_ahead() -> None:
    assert span(NOW, DAY) == Span(NOW - DAY, NOW + AHEAD_NS)


@pytest.mark.parametrize(
    "record",
    [
        run_record(),
        run_record(at_ns=NOW - 30 * DAY),
        run_record(at_ns=NOW + 365 * DAY),
        run_record(env="", slot=None),
        run_record(journey="x" * LONGEST_NAME),
        slots_record("s", -5, 5, at=AT),
        gap_record("g", NOW - 60 * DAY, NOW),
        beat(accounts=(account(5, 5),)),
    ],
    ids=["run", "at the edge", "future", "no env, no slot", "long name", "slots", "gap", "beat"],
)
def test_what_can_be_kept_is_not_refused(record: Record) -> None:
    assert refusal(record, ALLOWED) == ""


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (run_record(at_ns=NOW - 30 * DAY - 1000), "older than what is kept here"),
        (run_record(""), "key is empty"),
        (run_record(LONG), "key is longer than 1000 characters"),
        (run_record(journey=""), "journey is empty"),
        (run_record(region=LONG), "region is longer than 1000 characters"),
        (slots_record("s", 1, 2, journey=LONG), "journey is longer than 1000 characters"),
        (beat(agent=""), "agent is empty"),
        (beat(accounts=(account(1, 2, ""),)), "journey is empty"),
        (run_record(started_at=NAIVE), "a time has no offset from UTC"),
        (replace(gap_record("g", NOW, NOW), since=NAIVE), "a time has no offset from UTC"),
        (run_record(started_at=AT.replace(year=9999)), "9999-01-15 08:00:00+00:00 is beyond any time"),
        (run_record(duration_ns=-1), "a duration of -1 ns cannot be"),
        (run_record(slot=Slot(1, 0, AT)), "no slots are 1 to 1, every 0 ns from 0 ns"),
        (run_record(slot=Slot(2**63, 1, AT)), f"no slots are {2**63} to {2**63}, every 1 ns from 0 ns"),
        (slots_record("s", 2, 1), f"no slots are 2 to 1, every {MINUTE} ns from 0 ns"),
        (slots_record("s", 1, 2**62), f"slot {2**62}, every {MINUTE} ns, is beyond any time"),
        (slots_record("s", 1, 2, offset_ns=2**63), f"no slots are 1 to 2, every {MINUTE} ns from {2**63} ns"),
        (beat(accounts=(account(1, 2, every_ns=-1),)), "no slots are 1 to 2, every -1 ns from 0 ns"),
        (run_record(slot=Slot(0, 2**64 - 1, AT)), f"no slots are 0 to 0, every {2**64 - 1} ns from 0 ns"),
        (
            beat(accounts=(account(2**64, 2**64 + 1, every_ns=1, offset_ns=-(2**64)),)),
            f"no slots are {2**64} to {2**64 + 1}, every 1 ns from {-(2**64)} ns",
        ),
        (
            slots_record("s", 2**63 + 1, 2**63 + 2, every_ns=1, offset_ns=-(2**61)),
            f"no slots are {2**63 + 1} to {2**63 + 2}, every 1 ns from {-(2**61)} ns",
        ),
        (
            slots_record("s", 1, 2**63, every_ns=1, offset_ns=-(2**61)),
            f"slot {2**63}, every 1 ns, is beyond any time",
        ),
        (beat(every_ns=2**64 - 1), f"no heartbeat comes every {2**64 - 1} ns"),
        (beat(accounts=(account(3, 2),)), f"no slots are 3 to 2, every {MINUTE} ns from 0 ns"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_cannot_be_kept_is_refused_with_its_reason(record: Record, reason: str) -> None:
    assert refusal(record, ALLOWED) == reason


def test_a_mistake_outranks_age() -> None:
    assert refusal(run_record(at_ns=0, duration_ns=-1), ALLOWED) == "a duration of -1 ns cannot be"
