import pytest

from probe.hub.pages.figure import Segment, Tick, duration_ticks, percent, round_up, segments
from probe.model.timing import Phase

MS = 1_000_000


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 1), (0.3, 1), (1, 1), (1.1, 2), (21, 25), (26, 50), (51e6, 1e8), (1e9, 1e9)]
)
def test_a_value_is_rounded_up_to_a_round_one(value: float, expected: float) -> None:
    assert round_up(value) == expected


@pytest.mark.parametrize("end_ns", [1, 999, 3 * MS, 276 * MS, 1600 * MS, 97 * 10**9])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_an_axis_begins_at_nothing_and_has_no_more_steps_than_asked_for(end_ns: int, count: int) -> None:
    ticks = duration_ticks(end_ns, count)
    assert (ticks[0].at, ticks[0].text, 1 < len(ticks) <= count + 1, ticks[-1].at <= 100) == (0, "0", True, True)


def test_ticks_are_told_without_needless_decimals() -> None:
    assert duration_ticks(1_200_000_000, 3) == (Tick(0, "0"), Tick(41.667, "500 ms"), Tick(83.333, "1 s"))


def test_phases_follow_each_other_and_what_took_no_time_is_not_drawn() -> None:
    phases = {Phase.CONNECT: 20 * MS, Phase.SEND: 0, Phase.PROCESSING: 60 * MS}
    drawn = segments(phases, 10 * MS, 100 * MS, lambda phase, start, end, total: f"{phase} {start} {end} {total}")
    assert drawn == (
        Segment("connect", 10, 20, f"connect {10 * MS} {30 * MS} {80 * MS}"),
        Segment("processing", 30, 60, f"processing {30 * MS} {90 * MS} {80 * MS}"),
    )


def test_a_share_of_nothing_is_nothing() -> None:
    assert (percent(5, 0), percent(1, 3)) == (0, 33.333)
