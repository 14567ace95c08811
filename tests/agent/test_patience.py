import logging

import pytest

from probe.agent.patience import PAUSE_NS, Patience
from probe.model.batch import Outcome, Result
from tests.clock import FakeClock

S = 10**9


def _retry(reason: str = "busy", after_ns: int | None = None) -> Outcome:
    return Outcome(Result.RETRY, reason, after_ns)


def _paused(reason: str = "no token") -> Outcome:
    return Outcome(Result.PAUSED, reason)


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_success() -> None:
    patience = Patience("hub", FakeClock(), lambda: 1.0)
    first = [patience.failed(_retry()) / S for _ in range(9)]
    patience.took()
    assert (first, patience.failed(_retry()) / S) == ([0.5, 1, 2, 4, 8, 16, 32, 60, 60], 0.5)


def test_they_are_anything_up_to_that_by_chance() -> None:
    assert [Patience("hub", FakeClock(), lambda chance=chance: chance).failed(_retry()) for chance in (0, 0.5)] == [  # type: ignore[misc]
        0,
        S // 4,
    ]


def test_what_was_asked_for_and_a_pause_are_not_left_to_chance() -> None:
    patience = Patience("hub", FakeClock(), lambda: 0.0)
    assert [patience.failed(_retry(after_ns=7 * S)), patience.failed(_paused())] == [7 * S, PAUSE_NS]


def test_years_of_failures_do_no_harm() -> None:
    patience = Patience("hub", FakeClock(), lambda: 1.0)
    patience.failures = 10**9
    assert patience.failed(_retry()) == 60 * S


def test_a_change_of_state_is_a_line_and_a_failure_is_none(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "probe.delivery")
    clock = FakeClock()
    patience = Patience("hub", clock, lambda: 1.0)
    for outcome in (_retry(), _retry("still busy"), _paused(), _paused()):
        patience.failed(outcome)
        clock.pass_ns(50 * S)
    patience.took()
    patience.took("2 of 3 records are too old")
    patience.took("2 of 3 records are too old")
    assert patience.remark == "2 of 3 records are too old"
    patience.refused(17, "400: bad\x1b[2J\nline")
    assert caplog.messages == [
        "hub is retrying: busy (everything is kept; trying again)",
        "hub is paused: no token (everything is kept; asking again every 5 m 00 s)",
        "hub is delivering again after 3 m 20 s",
        "hub: 2 of 3 records are too old",
        r"hub: record 17 is refused for good: 400: bad\x1b[2J line",
    ]


def test_a_reason_is_one_line_of_bounded_length() -> None:
    patience = Patience("hub", FakeClock(), lambda: 1.0)
    patience.failed(_retry("a\nb\t" + "x" * 500))
    assert (patience.reason[:6], len(patience.reason), patience.retries) == ("a b xx", 200, 1)
