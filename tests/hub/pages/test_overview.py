from msgspec.structs import replace

from probe.hub.pages.known import FleetKnown
from probe.hub.pages.moment import moment
from probe.hub.pages.overview import GapRow, overview
from probe.hub.pages.problems import SLOWER
from probe.hub.pages.sign import NOTHING, RUN_SIGNS
from probe.hub.pages.window import DEFAULT, WINDOWS
from tests.hub.pages.compared import EVEN, SLOW, cell, comparison, known, series
from tests.hub.pages.compared import SLOWER as DIFFERENCE
from tests.hub.records import MINUTE, NOW, gap_record

PASSED = RUN_SIGNS["passed"]


def test_when_all_is_well_the_headline_says_of_how_much() -> None:
    view = overview(FleetKnown([known(), known(journey="search")], []), DEFAULT, NOW)
    assert (view.sign, view.headline, view.path, view.problems, view.news) == (
        PASSED,
        "All 2 journeys pass in all 2 regions",
        "",
        (),
        0,
    )


def test_one_journey_in_one_region_is_told_as_one() -> None:
    view = overview(FleetKnown([known(series=(series("eu-west-1"),))], []), DEFAULT, NOW)
    assert view.headline == "The one journey passes in the one region"


def test_the_worst_problem_is_the_headline_and_is_not_told_twice() -> None:
    view = overview(FleetKnown([known(SLOW)], [], [gap_record("gap-1", NOW - MINUTE, NOW)]), DEFAULT, NOW)
    assert (view.sign, view.about, view.headline, view.news) == (SLOWER, "checkout", SLOW.sentence, 2)
    assert [problem.path for problem in view.problems] == ["#gaps"]


def test_what_is_no_news_is_told_and_does_not_spoil_the_headline() -> None:
    far = replace(comparison(SLOW), cells=(cell("eu-west-1", replace(DIFFERENCE, onset=None)), cell("us-east-1", EVEN)))
    view = overview(FleetKnown([known(comparison=far)], []), DEFAULT, NOW)
    assert (view.sign, view.news, [problem.sentence for problem in view.problems]) == (PASSED, 0, [SLOW.sentence])


def test_a_window_without_runs_is_not_green() -> None:
    idle = known(series=(series("eu-west-1", passed=0, failed=0),))
    view = overview(FleetKnown([idle], []), WINDOWS["15m"], NOW)
    assert (view.sign, view.headline) == (NOTHING, "No scheduled run in the last 15 minutes")


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
