from msgspec.structs import replace

from probe.compare.result import Finding, RegionVerdict
from probe.hub.facts import AgentFacts
from probe.hub.pages.known import FleetKnown
from probe.hub.pages.problems import FAR, LOST, ODD_FINDING, SLOWER, Problem, problems
from probe.hub.pages.sign import REGION_SIGNS
from probe.hub.pages.window import DEFAULT
from tests.hub.pages.compared import DOWN, SLOW, comparison, known, ledger_line, summary
from tests.hub.pages.compared import FAR as DISTANCE
from tests.hub.records import MINUTE, NOW, beat, gap_record

PATH = "/journey?name=checkout&env=prod&window=1h"
SILENT = Finding(
    "eu-west-1 is silent since 07:40 UTC; it is neither up nor down.", "eu-west-1", verdict=RegionVerdict.SILENT
)
SILENT_AGENT = AgentFacts("eu-west-1", "agent-1", "prod", NOW - 20 * MINUTE, beat())


def found(*journeys: object, **changes: object) -> tuple[Problem, ...]:
    return problems(replace(FleetKnown(journeys, ()), **changes), DEFAULT, NOW)  # type: ignore[arg-type]


def test_all_well_is_no_problem() -> None:
    assert found(known()) == ()


def test_a_step_that_became_slower_is_news_and_names_its_journey() -> None:
    (problem,) = found(known(SLOW))
    assert (problem, problem.is_news) == (Problem(SLOWER, SLOW.sentence, PATH, "checkout"), True)


def test_a_step_that_was_slower_all_the_time_is_no_news() -> None:
    (problem,) = found(known(DISTANCE))
    assert (problem.sign, problem.is_news) == (FAR, False)


def test_the_worst_comes_first() -> None:
    regions = (summary("eu-west-1", RegionVerdict.DOWN), summary("us-east-1", RegionVerdict.SILENT))
    silent = replace(SILENT, region="us-east-1")
    strange = Finding(
        "us-west-1 runs another definition of checkout than the 2 other regions: not compared.", "us-west-1"
    )
    signs = [
        problem.sign
        for problem in found(
            known(comparison=comparison(SLOW, silent, strange, DOWN, regions=regions), ledger=(ledger_line("x", 2),))
        )
    ]
    down, silence = REGION_SIGNS[RegionVerdict.DOWN], REGION_SIGNS[RegionVerdict.SILENT]
    assert signs == [down, silence, SLOWER, LOST, ODD_FINDING]


def test_a_target_that_is_down_everywhere_is_the_worst() -> None:
    regions = (summary("eu-west-1", RegionVerdict.DOWN), summary("us-east-1", RegionVerdict.DOWN))
    everywhere = Finding("The shop is down everywhere: …", verdict=RegionVerdict.DOWN)
    (problem,) = found(known(comparison=comparison(everywhere, regions=regions)))
    assert problem.sign == REGION_SIGNS[RegionVerdict.DOWN]


def test_a_silent_region_is_told_once_for_all_journeys_and_its_agent() -> None:
    regions = (summary("eu-west-1", RegionVerdict.SILENT), summary("us-east-1"))
    silent = known(comparison=comparison(SILENT, regions=regions))
    assert found(silent, replace(silent, journey="search"), agents=(SILENT_AGENT,)) == (
        Problem(REGION_SIGNS[RegionVerdict.SILENT], SILENT.sentence, PATH),
    )


def test_a_silent_agent_without_journeys_is_told_too() -> None:
    assert found(agents=(SILENT_AGENT,)) == (
        Problem(REGION_SIGNS[RegionVerdict.SILENT], "agent-1 in eu-west-1: silent for 20 min.", "#agents"),
    )


def test_what_is_missing_is_counted() -> None:
    gaps = (gap_record("gap-1", NOW - MINUTE, NOW), gap_record("gap-2", NOW - 9 * MINUTE, NOW))
    sentences = [
        problem.sentence for problem in found(known(ledger=(ledger_line("us-east-1", 1),)), gaps=gaps, quarantined=3)
    ]
    assert sentences == [
        "3 records from the future held back until then: an agent's clock is ahead of this one.",
        "1 slot of checkout in us-east-1 left neither a run nor a reason.",
        "agent-1 in eu-west-1 lost 74 records before delivery.",
    ]


def test_a_problem_leads_to_a_window_that_shows_it() -> None:
    long = replace(comparison(SLOW), since_ns=NOW - 240 * MINUTE)
    (problem,) = found(known(comparison=long))
    assert problem.path == "/journey?name=checkout&env=prod&window=6h"


def test_during_an_outage_nobody_is_told_of_usual_distances() -> None:
    regions = (summary("eu-west-1", RegionVerdict.DOWN), summary("us-east-1"))
    down = known(comparison=comparison(DOWN, regions=regions), journey="pay")
    assert [problem.sentence for problem in found(down, known(DISTANCE))] == [DOWN.sentence]
