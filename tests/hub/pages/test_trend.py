from msgspec.structs import replace

from probe.compare.result import Sample
from probe.hub.pages.figure import Tick
from probe.hub.pages.sign import RUN_SIGNS
from probe.hub.pages.trend import Area, Mark, Trend, time_ticks, trends
from probe.hub.pages.window import WINDOWS, Span
from tests.hub.pages.compared import MS, SLOWER, SPAN, cell, comparison, facts, sample
from tests.hub.records import MINUTE, NOW


def drawn(*samples: Sample, region: str = "us-east-1", paths: dict[tuple[str, int], str] | None = None) -> Trend:
    return trends([facts(region, *samples)], comparison(), SPAN, paths or {}).trends[0]


def every_minute(first: int, last: int) -> list[Sample]:
    """Minutes before now, both inclusive."""
    return [sample(NOW - minute * MINUTE) for minute in range(first, last - 1, -1)]


def test_runs_are_points_and_their_medians_a_line() -> None:
    found = drawn(sample(NOW - 30 * MINUTE, duration_ns=50 * MS), sample(NOW - 29 * MINUTE, duration_ns=100 * MS))
    assert (found.points, found.line) == ("M500 13h0M516.7 0h0", "M500 13L516.7 0")


def test_what_is_suspect_is_drawn_apart_and_not_in_the_line() -> None:
    found = drawn(*every_minute(31, 30), sample(NOW - 29 * MINUTE, suspect=True))
    assert (found.points.count("M"), found.suspects.count("M"), found.line.count("L")) == (2, 1, 1)


def test_a_run_that_took_too_long_does_not_flatten_the_others() -> None:
    usual = every_minute(59, 2)
    found = drawn(*usual, sample(NOW - MINUTE, duration_ns=30_000 * MS))
    assert (found.points.count(" 13h0"), found.points.endswith(" 0h0")) == (len(usual), True)


def test_a_bad_run_is_a_mark_that_leads_to_its_page() -> None:
    at_ns = NOW - 15 * MINUTE
    found = drawn(*every_minute(16, 16), sample(at_ns, "failed"), paths={("us-east-1", at_ns): "/runs/1"})
    assert found.marks == (Mark(75, RUN_SIGNS["failed"], "07:45 failed (status) after 100 ms", "/runs/1"),)


def test_bad_runs_that_would_lie_upon_each_other_are_one_mark_per_verdict() -> None:
    span = Span(WINDOWS["7d"], NOW)
    bad = [sample(NOW - minute * MINUTE, "failed" if minute % 2 else "errored") for minute in range(60, 30, -1)]
    found = trends([facts("us-east-1", *bad)], comparison(), span, {}).trends[0]
    assert sorted(mark.sign.word for mark in found.marks) == ["errored", "failed"]


def test_where_runs_are_missing_there_is_a_hole_and_the_line_breaks() -> None:
    found = drawn(*every_minute(59, 40), *every_minute(30, 1))
    assert found.holes == (Area(33.333, 16.667, "07:20–07:30: no runs for 10 min"),)
    assert found.line.count("M") == 2


def test_a_region_that_fell_silent_has_a_hole_up_to_now() -> None:
    assert drawn(*every_minute(59, 20)).holes == (Area(66.667, 33.333, "07:40–08:00: no runs for 20 min"),)


def test_what_came_before_the_first_run_of_any_region_is_no_hole() -> None:
    regions = [facts("eu-west-1", *every_minute(20, 1)), facts("us-east-1", *every_minute(10, 1)), facts("sa-east-1")]
    holes = [trend.holes for trend in trends(regions, comparison(), SPAN, {}).trends]
    assert [[area.x for area in areas] for areas in holes] == [[], [66.667], [66.667]]


def test_the_onset_is_shown_where_a_region_became_slower_only() -> None:
    regions = [facts("eu-west-1", *every_minute(59, 1)), facts("us-east-1", *every_minute(59, 1))]
    faster = replace(SLOWER, shift_ns=-SLOWER.shift_ns)
    both = replace(comparison(), cells=(cell("eu-west-1", SLOWER), cell("us-east-1", faster)))
    found = [trend.onset for trend in trends(regions, both, SPAN, {}).trends]
    assert found == [Area(50, 10, "07:30–07:36: the difference begins in here"), None]


def test_a_bin_says_what_is_in_it() -> None:
    at_ns = NOW - 30 * MINUTE
    runs = [sample(at_ns, duration_ns=90 * MS), sample(at_ns + 10**9, "failed"), sample(at_ns + 2 * 10**9)]
    assert drawn(*runs).bins == (Area(50, 1.667, "07:30–07:31: median 95.0 ms of 2, 1 did not pass"),)


def test_no_run_at_all_is_an_empty_figure() -> None:
    found = drawn()
    assert (found.points, found.line, found.holes, found.words) == (
        "",
        "",
        (),
        "0 runs in the last hour, 0 of them passed",
    )


def test_time_is_told_at_round_instants_in_every_window() -> None:
    ticks = {name: time_ticks(Span(window, NOW)) for name, window in WINDOWS.items()}
    assert ticks["1h"][:2] == (Tick(0, "07:00"), Tick(16.667, "07:10"))
    assert [tick.text for tick in ticks["7d"]] == [f"{day} Jan 00:00" for day in range(9, 16)]
    assert all(3 <= len(those) <= 8 for those in ticks.values())


def test_a_run_before_the_window_is_not_drawn() -> None:
    assert drawn(replace(sample(NOW), at_ns=SPAN.since_ns - 1)).points == ""
