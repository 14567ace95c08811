from msgspec.structs import replace

from probe.compare.result import Sample, StepSample
from probe.hub.facts import RunLine
from probe.hub.rows import SeriesKey, due_instants, line_of, pack_run, run_figures, sample_of, series_of, unpack_run
from tests.export.sample import BROWSE
from tests.hub.records import LOG_OUT, MINUTE, NOW, PAY, PHASES, a_run, failed_record, slots_record

SLOT = NOW // MINUTE


def test_a_run_survives_packing() -> None:
    run = failed_record("run-1").run
    assert unpack_run(pack_run(run)) == run


def test_the_figures_of_a_run_are_what_a_sample_is_made_of() -> None:
    run = a_run(steps=(BROWSE, PAY, LOG_OUT), suspect=("late",))
    at_ns, _, slot, every_ns, _, verdict, cause, bad, definition, duration_ns, suspect, steps, why = run_figures(run)
    sample = sample_of((slot, every_ns, at_ns, verdict, cause, definition, int(suspect), duration_ns, steps, bad, why))
    step = StepSample(BROWSE.duration_ns, PHASES)
    assert sample == Sample(SLOT, MINUTE, NOW, "passed", "", "d1", True, 200, {"browse": step}, "pay")


def test_the_failed_step_is_the_first_that_did_not_pass() -> None:
    run = failed_record("run-1", steps=(BROWSE, PAY, replace(PAY, name="later"))).run
    assert run_figures(run)[6:8] == ("status", "pay")


def test_a_failure_is_kept_in_plain_words_too() -> None:
    assert [run_figures(run)[-1] for run in (failed_record("run-1").run, a_run())] == ["HTTP 503", ""]


def test_a_run_without_a_slot_has_none() -> None:
    assert run_figures(a_run(slot=None))[2:4] == (None, None)


def test_a_line_is_the_row_in_order() -> None:
    row = ("id", "r", "a", "j", 1, None, "manual", "failed", "status", 9, 1, "pay", "HTTP 500")
    assert line_of(row) == RunLine(*row[:10], True, *row[11:])


def test_runs_and_slots_of_one_journey_and_agent_are_one_series() -> None:
    key = SeriesKey("prod", "checkout", "eu-west-1", "agent-1")
    assert (series_of(a_run()), series_of(slots_record("s", 1, 2))) == (key, key)


def test_slots_are_due_on_their_grid() -> None:
    assert due_instants(slots_record("s", 3, 5, offset_ns=7)) == (3 * MINUTE + 7, 5 * MINUTE + 7)
