import pytest

from probe.compare.result import RegionVerdict
from probe.hub.pages.known import FleetKnown
from probe.hub.pages.moment import moment
from probe.hub.pages.overview import GapRow, overview
from probe.hub.pages.problems import SLOWER, Problem
from probe.hub.pages.sign import NOTHING, RUN_SIGNS
from probe.hub.pages.window import DEFAULT, WINDOWS
from tests.hub.pages.compared import DOWN, FAR, SLOW, comparison, known, series, summary
from tests.hub.records import MINUTE, NOW, gap_record

PASSED = RUN_SIGNS["passed"]


def test_when_all_is_well_the_headline_says_of_how_much() -> None:
    view = overview(FleetKnown([known(), known(journey="search")], []), DEFAULT, NOW)
    assert (view.sign, view.state, view.first, view.problems, view.news) == (
        PASSED,
        "The shop works in both regions",
        None,
        (),
        0,
    )


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ("u", "The shop works in the one region"),
        ("uuu", "The shop works in all 3 regions"),
        ("usu", "The shop works in 2 of 3 regions"),
        ("uas", "The shop works in 1 of 3 regions"),
        ("ss", "No region reports: nobody knows whether the shop works"),
    ],
)
def test_the_first_words_say_whether_the_shop_works(verdicts: str, state: str) -> None:
    meaning = {"u": RegionVerdict.UP, "s": RegionVerdict.SILENT, "a": RegionVerdict.AGENT}
    regions = tuple(summary(f"r{place}", meaning[one]) for place, one in enumerate(verdicts))
    view = overview(FleetKnown([known(comparison=comparison(regions=regions))], []), DEFAULT, NOW)
    assert view.state == state


def test_where_something_is_down_that_comes_first() -> None:
    down = known(comparison=comparison(DOWN, regions=(summary("eu", RegionVerdict.DOWN), summary("us"))))
    up = known(comparison=comparison(regions=(summary("eu"), summary("us"))), journey="search")
    view = overview(FleetKnown([up, down], []), DEFAULT, NOW)
    assert (view.state, view.first and view.first.sentence, view.first and view.first.about) == (
        "",
        DOWN.sentence,
        "checkout",
    )


def test_the_worst_problem_goes_on_where_the_state_ends_and_is_not_told_twice() -> None:
    view = overview(FleetKnown([known(SLOW)], [], [gap_record("gap-1", NOW - MINUTE, NOW)]), DEFAULT, NOW)
    assert (view.sign, view.state, view.news) == (SLOWER, "The shop works in both regions", 2)
    assert view.first == Problem(SLOWER, SLOW.sentence, "/journey?name=checkout&env=prod&window=1h", "checkout")
    assert [problem.path for problem in view.problems] == ["#gaps"]


def test_what_is_no_news_is_told_and_does_not_spoil_the_headline() -> None:
    view = overview(FleetKnown([known(FAR)], []), DEFAULT, NOW)
    assert (view.sign, view.news, view.problems) == (PASSED, 0, ())
    assert [problem.sentence for problem in view.usual] == [FAR.sentence]


def test_a_window_without_runs_is_not_green() -> None:
    regions = (summary("eu-west-1", RegionVerdict.UNKNOWN),)
    idle = known(comparison=comparison(regions=regions), series=(series("eu-west-1", passed=0, failed=0),))
    view = overview(FleetKnown([idle], []), WINDOWS["15m"], NOW)
    assert (view.sign, view.state) == (
        NOTHING,
        "No scheduled run in the last 15 minutes: nobody knows whether the shop works",
    )


def test_each_environment_has_its_grid() -> None:
    fleet = FleetKnown([known(env="prod"), known(env="prod", journey="search"), known(env="stage")], [])
    grids = overview(fleet, DEFAULT, NOW).grids
    assert [(grid.env, [row.journey for row in grid.rows]) for grid in grids] == [
        ("prod", ["checkout", "search"]),
        ("stage", ["checkout"]),
    ]


def test_what_an_agent_lost_is_listed_with_when_it_was_made() -> None:
    view = overview(FleetKnown([], [], [gap_record("gap-1", NOW - MINUTE, NOW)]), DEFAULT, NOW)
    since, until = moment(NOW - MINUTE, NOW), moment(NOW, NOW)
    assert view.gaps == (GapRow("eu-west-1", "agent-1", "size", "37 for hub", since, until),)
