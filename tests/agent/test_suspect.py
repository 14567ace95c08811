from datetime import UTC, datetime
from typing import Any

import pytest

from probe.agent.loop_watch import Delay
from probe.agent.suspect import suspicions
from probe.model.place import Place
from probe.model.result import Attempt, Exchange, Run, StepResult, Trigger, Verdict
from probe.model.timing import Clock, Phase

MS = 1_000_000
BEGAN = 10**12
"""On the loop watch's clock, when the run was begun."""
LATE = ("the agent's event loop was late by 80.0 ms",)


def exchange(**more: Any) -> Exchange:
    """Timed by the kernel, from 100 ms to 300 ms of the run; all but 1 ms of it the target's."""
    phases = {Phase.PROCESSING: 199 * MS, Phase.OTHER: MS}
    fields: dict[str, Any] = {"started_ns": 100 * MS, "duration_ns": 200 * MS, "phases": phases, "clock": Clock.KERNEL}
    return Exchange("GET", "http://shop/", **fields | more)


def attempt(*exchanges: Exchange, other_ms: int = 1) -> Attempt:
    phases = {Phase.PROCESSING: (200 - other_ms) * MS, Phase.OTHER: other_ms * MS}
    return Attempt(100 * MS, 200 * MS, phases, Verdict.PASSED, exchanges)


def found(
    attempt: Attempt, *delays: Delay, took_ms: int = 400, spent_ms: int = 400, throttled_ms: int = 0
) -> tuple[str, ...]:
    """What is suspected of a run that took so long by its own account, within the time that was spent on it."""
    step = StepResult("look", "http", Verdict.PASSED, Place("", 1, 1, 2, ""), attempts=(attempt,))
    run = Run(
        "id", "browse", "browse.yaml", "here", "me", Trigger.SCHEDULE, datetime(2026, 1, 2, tzinfo=UTC),
        took_ms * MS, Verdict.PASSED, (step,), "1", 1,
    )  # fmt: skip
    return suspicions(run, delays, BEGAN, BEGAN + spent_ms * MS, throttled_ms * MS)


def late(from_ms: int, until_ms: int, by_ms: int = 80) -> Delay:
    return Delay(BEGAN + from_ms * MS, BEGAN + until_ms * MS, by_ms * MS)


@pytest.mark.parametrize(
    ("seen", "reasons"),
    [
        (attempt(exchange()), ()),
        (attempt(exchange(clock=Clock.USER)), LATE),
        (attempt(exchange(uncertain_ns=60 * MS)), LATE),
        (attempt(exchange(uncertain_ns=MS // 5)), LATE),
        (attempt(exchange(uncertain_ns=MS // 5, phases={Phase.PROCESSING: 40 * MS})), ()),
        (attempt(exchange(), other_ms=60), LATE),
        (attempt(exchange(phases={Phase.RESOLVE: 60 * MS})), LATE),
        (attempt(), LATE),
    ],
    ids=[
        "kernel",
        "python",
        "uncertain",
        "seemed in time",
        "certain enough",
        "agent's own time",
        "resolving",
        "nothing on the wire",
    ],
)
def test_a_late_loop_disturbs_only_what_it_can_have_moved(seen: Attempt, reasons: tuple[str, ...]) -> None:
    assert found(seen, late(90, 200)) == reasons


PYTHONS = attempt(exchange(clock=Clock.USER))


@pytest.mark.parametrize(
    ("delay", "reasons"),
    [
        (late(0, 99), ()),
        (late(0, 101), LATE),
        (late(299, 400), LATE),
        (late(301, 400), ()),
        (late(150, 200, by_ms=49), ()),
    ],
)
def test_a_delay_counts_while_something_was_measured(delay: Delay, reasons: tuple[str, ...]) -> None:
    assert found(PYTHONS, delay) == reasons


def test_what_is_not_known_of_the_runs_beginning_counts_as_overlap() -> None:
    delay = late(301, 400)
    assert [found(PYTHONS, delay, took_ms=400, spent_ms=spent) for spent in (400, 402)] == [(), LATE]


@pytest.mark.parametrize(
    ("resolver", "reasons"),
    [("10.0.0.2", ()), ("hosts", ()), ("10.0.0.2 by TCP", LATE), ("system", LATE), ("", LATE)],
)
def test_a_late_loop_moves_a_name_only_where_python_looked_when_it_was_known(
    resolver: str, reasons: tuple[str, ...]
) -> None:
    named = exchange(phases={Phase.RESOLVE: 60 * MS}, resolver=resolver)
    assert found(attempt(named), late(90, 200)) == reasons


THROTTLED = ("the agent was throttled for 80.0 ms: its CPU limit is too low",)


@pytest.mark.parametrize(
    ("seen", "reasons"),
    [
        (attempt(exchange()), ()),
        (attempt(exchange(clock=Clock.USER)), THROTTLED),
        (attempt(exchange(uncertain_ns=60 * MS)), THROTTLED),
        (attempt(exchange(), other_ms=60), THROTTLED),
        (attempt(exchange(phases={Phase.RESOLVE: 60 * MS}, resolver="system")), THROTTLED),
        (attempt(), THROTTLED),
    ],
    ids=["kernel", "python", "uncertain", "agent's own time", "resolving", "nothing on the wire"],
)
def test_throttling_disturbs_what_a_late_loop_does(seen: Attempt, reasons: tuple[str, ...]) -> None:
    assert found(seen, throttled_ms=80) == reasons
    assert found(seen, throttled_ms=49) == ()


def test_a_name_is_resolved_by_pythons_clock_while_that_lasts() -> None:
    named = attempt(exchange(phases={Phase.RESOLVE: 60 * MS}))
    assert [found(named, late(since, 300)) for since in (159, 161)] == [LATE, ()]


def test_the_worst_delay_that_mattered_is_told() -> None:
    assert found(PYTHONS, late(0, 90, by_ms=500), late(110, 200), late(200, 290, by_ms=60)) == LATE


def test_a_server_that_had_to_wait_for_the_reader_is_told_whatever_the_loop_says() -> None:
    reason = ("the agent read late: the server may have waited for it for 60.0 ms",)
    assert found(attempt(exchange(held_up_ns=60 * MS))) == reason
    assert found(attempt(exchange(held_up_ns=40 * MS)), late(90, 200)) == ()
