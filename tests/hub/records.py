"""Records of a small fleet, around `NOW`."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from probe.model.instant import datetime_of
from probe.model.record import GapRecord, Heartbeat, RunRecord, SlotsRecord
from probe.model.result import SCHEMA, Cause, Failure, Run, Section, StepResult, Trigger, Verdict
from probe.model.slot import Account, Reason, Slot, SlotState
from probe.model.timing import Phase
from tests.export.sample import BROWSE, BROWSE_AT

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_800_000_000 * SECOND
"""A whole minute, so that slot NOW // MINUTE is due at it."""

NAIVE = datetime(2027, 1, 15, 8)  # noqa: DTZ001 - it is what no record may have
DECLINED = Failure(Cause.STATUS, "expected 200, got 503", None, "200", "503")
PAY = StepResult("pay", "http", Verdict.FAILED, BROWSE_AT, duration_ns=5, failure=DECLINED)
LOG_OUT = StepResult("log out", "http", Verdict.PASSED, BROWSE_AT, Section.ALWAYS, duration_ns=7)


def a_run(run_id: str = "run-1", at_ns: int = NOW, **changes: Any) -> Run:
    """A scheduled run of one step that passed."""
    index = at_ns // MINUTE
    run = Run(
        run_id=run_id,
        journey="checkout",
        file="checkout.yaml",
        region="eu-west-1",
        agent="agent-1",
        trigger=Trigger.SCHEDULE,
        started_at=datetime_of(at_ns),
        duration_ns=200,
        verdict=Verdict.PASSED,
        steps=(BROWSE,),
        probe="0.1.0",
        schema=SCHEMA,
        env="prod",
        slot=Slot(index, MINUTE, datetime_of(index * MINUTE)),
        definition="d1",
    )
    return replace(run, **changes)


def run_record(run_id: str = "run-1", at_ns: int = NOW, **changes: Any) -> RunRecord:
    return RunRecord(a_run(run_id, at_ns, **changes))


def failed_record(run_id: str, at_ns: int = NOW, **changes: Any) -> RunRecord:
    return run_record(
        run_id, at_ns, **{"verdict": Verdict.FAILED, "failure": DECLINED, "steps": (BROWSE, PAY, LOG_OUT), **changes}
    )


def slots_record(key: str, first: int, last: int, **changes: Any) -> SlotsRecord:
    record = SlotsRecord(
        key, "eu-west-1", "agent-1", "prod", "checkout", MINUTE, 0, first, last, SlotState.MISSED, Reason.DOWN,
        datetime_of(min(last + 1, NOW // MINUTE) * MINUTE),
    )  # fmt: skip
    return replace(record, **changes)


def gap_record(key: str, since_ns: int, until_ns: int) -> GapRecord:
    at = datetime_of(until_ns)
    return GapRecord(key, "eu-west-1", "agent-1", "prod", "size", {"hub": 37}, datetime_of(since_ns), at, at)


def beat(key: str = "beat-1", at_ns: int = NOW, **changes: Any) -> Heartbeat:
    record = Heartbeat(
        key, "eu-west-1", "agent-1", "prod", datetime_of(at_ns), 15 * SECOND, "0.1.0", datetime_of(NOW - DAY)
    )
    return replace(record, **changes)


def account(first: int, after: int, journey: str = "checkout", **changes: Any) -> Account:
    """All slots ran."""
    made = Account(journey, MINUTE, 0, first, after, after - first, 0, 0, 0)
    return replace(made, **changes)


PHASES: dict[Phase, int] = BROWSE.phases
