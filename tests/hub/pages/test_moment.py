import pytest

from probe.hub.pages.moment import Moment, age, clock, interval, moment
from probe.model.duration import parse_duration
from tests.hub.records import DAY, MINUTE, NOW, SECOND


def test_an_instant_of_today_is_told_by_the_clock_and_exactly() -> None:
    assert moment(NOW - 12 * SECOND + 5, NOW) == Moment(
        "07:59:48", "11 s", "2027-01-15T07:59:48Z", "2027-01-15 07:59:48.000000005 UTC"
    )


def test_an_instant_of_another_day_has_its_date() -> None:
    assert moment(NOW - 2 * DAY, NOW) == Moment(
        "13 Jan 08:00:00", "2 d", "2027-01-13T08:00:00Z", "2027-01-13 08:00:00.000000000 UTC"
    )


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("999ms", "now"), ("1s", "1 s"), ("119s", "1 min"), ("59m59s", "59 min"), ("3h59m", "3 h"), ("49h", "2 d")],
)
def test_an_age_is_rounded_down_to_its_largest_unit(duration: str, expected: str) -> None:
    assert (age(parse_duration(duration)), age(-parse_duration(duration))) == (expected, "now")


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("60s", "1 min"), ("90s", "90 s"), ("15m", "15 min"), ("24h", "1 d"), ("250ms", "250 ms")],
)
def test_an_interval_is_told_exactly(duration: str, expected: str) -> None:
    assert interval(parse_duration(duration)) == expected


def test_a_clock_time_is_as_short_as_it_can_be() -> None:
    assert (clock(NOW), clock(NOW + 7 * SECOND), clock(NOW - MINUTE, with_day=True)) == (
        "08:00",
        "08:00:07",
        "15 Jan 07:59",
    )
