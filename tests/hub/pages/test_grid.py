import pytest
from msgspec.structs import replace

from probe.compare.result import RegionVerdict
from probe.hub.pages.grid import Cell, availability, grid, worst
from probe.hub.pages.moment import moment
from probe.hub.pages.sign import NOTHING, REGION_SIGNS, RUN_SIGNS, Sign
from probe.hub.pages.ticks import Stroke, Ticks
from probe.hub.pages.window import DEFAULT
from tests.hub.pages.compared import comparison, facts, known, ledger_line, line, series, summary
from tests.hub.records import HOUR, MINUTE, NOW


def signs(verdict: RegionVerdict, last: str = "passed") -> list[Sign]:
    regions = (summary("eu-west-1", verdict, "why"), summary("us-east-1"))
    facts = known(
        comparison=comparison(regions=regions),
        series=(series("eu-west-1", last=line("eu-west-1", verdict=last)), series("us-east-1")),
    )
    row = grid("prod", [facts], DEFAULT, NOW).rows[0]
    return [cell.sign for cell in row.cells if cell] + [row.sign]


def test_a_cell_says_all_there_is_to_know_at_a_glance() -> None:
    found = grid("prod", [known(ledger=(ledger_line("eu-west-1", unaccounted=7),))], DEFAULT, NOW)
    assert (found.env, found.regions, found.rows[0].path) == (
        "prod",
        ("eu-west-1", "us-east-1"),
        "/journey?name=checkout&env=prod&window=1h",
    )
    assert found.rows[0].cells[0] == Cell(
        region="eu-west-1",
        sign=RUN_SIGNS["passed"],
        why="",
        availability="96.6 %",
        latency="990 ms · 1.20 s",
        counts="58 passed, 2 failed, 1 suspect",
        last=moment(NOW - MINUTE, NOW),
        last_path=f"/runs/eu-west-1-{NOW // MINUTE - 1}",
        ticks=Ticks((Stroke("passed", "M2 20v-13"),), "The last 1 runs: 1 passed"),
        unaccounted=7,
    )


@pytest.mark.parametrize("verdict", [verdict for verdict in RegionVerdict if verdict is not RegionVerdict.UP])
def test_a_region_that_is_not_up_is_never_shown_green_whatever_its_last_run_said(verdict: RegionVerdict) -> None:
    assert signs(verdict) == [REGION_SIGNS[verdict], RUN_SIGNS["passed"], REGION_SIGNS[verdict]]


def test_a_region_that_is_up_shows_its_last_run() -> None:
    assert signs(RegionVerdict.UP, "failed") == [RUN_SIGNS["failed"], RUN_SIGNS["passed"], RUN_SIGNS["failed"]]


def test_a_region_without_any_run_says_so() -> None:
    nothing = known(series=(), regions=(facts("eu-west-1"), facts("us-east-1")))
    cell = grid("prod", [nothing], DEFAULT, NOW).rows[0].cells[0]
    assert cell
    assert (cell.sign, cell.availability, cell.latency, cell.counts, cell.last) == (NOTHING, "–", "", "", None)


def test_a_region_that_does_not_run_a_journey_has_no_cell() -> None:
    other = known(journey="search", comparison=comparison(regions=(summary("sa-east-1"),)))
    rows = grid("prod", [known(), other], DEFAULT, NOW).rows
    assert [[cell is None for cell in row.cells] for row in rows] == [[False, True, False], [True, False, True]]


def test_only_a_flawless_region_is_available_all_the_time() -> None:
    figures = [availability(passed, failed) for passed, failed in ((60, 0), (9999, 1), (59, 1), (0, 5), (0, 0))]
    assert figures == ["100 %", "99.9 %", "98.3 %", "0 %", "–"]


def test_the_worst_sign_of_nothing_is_that_there_is_nothing() -> None:
    assert (worst([]), worst([RUN_SIGNS["passed"], RUN_SIGNS["failed"]])) == (NOTHING, RUN_SIGNS["failed"])


def test_a_last_run_of_long_ago_keeps_its_age() -> None:
    old = known(series=(replace(series("eu-west-1"), last=line("eu-west-1", NOW - 5 * HOUR)),))
    cell = grid("prod", [old], DEFAULT, NOW).rows[0].cells[0]
    assert cell
    assert cell.last == moment(NOW - 5 * HOUR, NOW)
