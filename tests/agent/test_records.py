from datetime import UTC, datetime

from probe.agent.grid import Grid
from probe.agent.records import slot_of, slots_record, unfinished_run
from probe.model.record import decode_record, encode_record
from probe.model.result import Cause, Trigger, Verdict
from probe.model.slot import Reason, Slot, SlotState
from tests.agent.recording import config

GRID = Grid(60 * 10**9, 5 * 10**9)


def test_a_slot_says_when_it_was_due() -> None:
    assert slot_of(GRID, 2) == Slot(2, 60 * 10**9, datetime(1970, 1, 1, 0, 2, 5, tzinfo=UTC))


def test_slots_without_a_run_are_told_with_their_reason() -> None:
    record = slots_record(config(), "browse", GRID, (3, 9), SlotState.MISSED, Reason.DOWN, 7 * 10**9)
    assert (record.region, record.agent, record.journey, record.first, record.last) == ("here", "me", "browse", 3, 9)
    assert (record.state, record.reason, record.offset_ns) == (SlotState.MISSED, Reason.DOWN, 5 * 10**9)
    assert decode_record(encode_record(record)) == record


def test_a_run_of_which_only_the_beginning_is_known_blames_the_agent() -> None:
    run = unfinished_run(config(), "browse", "id", slot_of(GRID, 2), 0, "killed")
    assert run.failure is not None
    assert (run.verdict, run.failure.cause, run.trigger, run.interrupted) == (
        Verdict.ERRORED,
        Cause.AGENT,
        Trigger.SCHEDULE,
        True,
    )
    assert run.steps == ()
