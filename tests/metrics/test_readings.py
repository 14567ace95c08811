from datetime import timedelta

import pytest
from msgspec.structs import replace

from probe.metrics import readings
from probe.model.result import Cause, Trigger, Verdict
from probe.model.slot import Reason
from probe.model.status import JourneyStatus, RunCount, SlotCount
from tests.export.sample import NOT_STARTED, PASSED
from tests.metrics.sample import AGENT, CHECKOUT, NOW, SEARCH, SECURED, account

RUN = ("checkout", "manual")
NEW = replace(AGENT, journeys=(JourneyStatus("new", account("new")),), runs=(), slots=())


@pytest.mark.parametrize(
    ("verdict", "success", "errored"),
    [
        (Verdict.PASSED, [(RUN, 1.0)], [(RUN, 0.0)]),
        (Verdict.FAILED, [(RUN, 0.0)], [(RUN, 0.0)]),
        (Verdict.ERRORED, [], [(RUN, 1.0)]),
        (Verdict.SKIPPED, [], [(RUN, 0.0)]),
    ],
)
def test_a_run_that_could_not_tell_is_no_failure_of_the_target(
    verdict: Verdict, success: list[readings.Reading], errored: list[readings.Reading]
) -> None:
    run = replace(PASSED, verdict=verdict)
    assert (list(readings.success(run)), list(readings.errored(run))) == (success, errored)


def test_steps_keep_their_own_verdict_and_the_skipped_ones_are_absent() -> None:
    assert list(readings.step_durations(CHECKOUT)) == [
        (("checkout", "schedule", "browse", "passed", "false"), 0.2),
        (("checkout", "schedule", "pay", "failed", "false"), 0.09),
        (("checkout", "schedule", "log out", "passed", "false"), 0.05),
    ]
    assert list(readings.step_durations(NOT_STARTED)) == []


def test_phases_that_were_not_reached_are_absent() -> None:
    pay = [labels[3] for labels, _ in readings.phase_durations(CHECKOUT) if labels[2] == "pay"]
    assert pay == ["send", "processing", "transfer", "other"]


def test_a_chain_expires_with_its_first_certificate_in_the_steps_last_attempt() -> None:
    assert list(readings.certificate_expiry(CHECKOUT)) == []
    first = (NOW + timedelta(days=10)).timestamp()
    assert list(readings.certificate_expiry(SEARCH)) == [(("search", "schedule", "browse"), first)]
    (step,) = SEARCH.steps
    late = replace(SECURED, chain=SECURED.chain[1:])
    last = replace(step.attempts[0], exchanges=(replace(step.attempts[0].exchanges[0], tls=late),))
    polled = replace(SEARCH, steps=(replace(step, attempts=(*step.attempts, last)),))
    assert [value for _, value in readings.certificate_expiry(polled)] == [late.chain[0].not_after.timestamp()]
    redirected = replace(step.attempts[0], exchanges=(*last.exchanges, *step.attempts[0].exchanges))
    hops = replace(SEARCH, steps=(replace(step, attempts=(redirected,)),))
    assert [value for _, value in readings.certificate_expiry(hops)] == [first]
    unread = replace(SEARCH, steps=(replace(step, attempts=()),))
    assert list(readings.certificate_expiry(unread)) == []


def test_what_the_machine_does_not_tell_is_absent() -> None:
    silent = replace(AGENT, throttled_seconds_total=None, timekeeping=None)
    read = readings.kept(lambda kept: kept.error_ns)
    assert [list(readings.throttled(each)) for each in (AGENT, silent)] == [[((), 1.5)], []]
    assert [list(read(each)) for each in (AGENT, silent)] == [[((), 1_200_000.0)], []]


def test_a_disturbed_run_says_so_wherever_it_shows_a_duration() -> None:
    shown = [readings.run_duration(SEARCH), readings.step_durations(SEARCH), readings.phase_durations(SEARCH)]
    assert {labels[-1] for each in shown for labels, _ in each} == {"true"}
    assert list(readings.suspect(SEARCH)) == [(("search", "schedule"), 1.0)]


def test_every_count_that_may_come_is_there_from_the_start() -> None:
    runs, slots = list(readings.runs(NEW)), list(readings.slots(NEW))
    assert {value for _, value in (*runs, *slots)} == {0.0}
    assert [cause for (_, _, cause, _), _ in runs] == ["", *Cause]
    assert {verdict: cause for (_, verdict, cause, _), _ in runs} == {
        "passed": "",
        "failed": "capture",
        "errored": "agent",
    }
    assert sorted(reason for (_, _, reason), _ in slots) == sorted(["", *Reason])


def test_counts_take_the_place_of_their_zeros() -> None:
    failed = RunCount("new", Verdict.FAILED, Cause.STATUS, Trigger.SCHEDULE, 3)
    missed = SlotCount("new", "missed", "clock", 4)
    agent = replace(NEW, runs=(failed,), slots=(missed,))
    assert [each for each in readings.runs(agent) if each[1]] == [(("new", "failed", "status", "schedule"), 3.0)]
    assert [each for each in readings.slots(agent) if each[1]] == [(("new", "missed", "clock"), 4.0)]
    assert (len(list(readings.runs(agent))), len(list(readings.slots(agent)))) == (13, 13)


def test_nothing_outlives_its_journey() -> None:
    named = {labels[0] for read in (readings.runs, readings.slots) for labels, _ in read(AGENT)}
    assert "removed" not in named
    assert "legacy" not in named, "what is disabled has no slots to come"


def test_what_is_not_known_is_absent() -> None:
    unknown = replace(AGENT, controls_sound=None, controls=(), reloaded_at=None)
    assert list(readings.controls_sound(unknown)) == []
    assert list(readings.when(lambda agent: agent.reloaded_at)(unknown)) == []
    oldest = readings.per_exporter(lambda exporter: exporter.oldest)
    assert [labels for labels, _ in oldest(AGENT)] == [("hub",)]


def test_an_exporter_is_in_one_state() -> None:
    states = [labels for labels, value in readings.export_states(AGENT) if value]
    assert states == [("hub", "retrying"), ("jsonl", "waiting")]


def test_a_reason_to_drop_that_is_new_is_shown_too() -> None:
    agent = replace(AGENT, exporters=(replace(AGENT.exporters[0], dropped={"moths": 1}),))
    assert [(labels[1], value) for labels, value in readings.dropped(agent)] == [
        ("size", 0.0),
        ("age", 0.0),
        ("rejected", 0.0),
        ("disk", 0.0),
        ("moths", 1.0),
    ]
