from probe.compare.result import RegionVerdict
from probe.hub.pages.journey import SHOWN, RegionColumn, RunRow, journey_view
from probe.hub.pages.moment import moment
from probe.hub.pages.problems import SLOWER
from probe.hub.pages.sign import REGION_SIGNS, RUN_SIGNS
from tests.hub.pages.compared import SLOW, SPAN, comparison, known, line, summary
from tests.hub.records import MINUTE, NOW, SECOND


def test_the_headline_and_the_findings_are_the_comparisons() -> None:
    view = journey_view(known(SLOW), SPAN)
    assert (view.sign, view.headline, view.findings) == (
        SLOWER,
        "checkout works in both regions; eu-west-1 has become slower on *pay*.",
        ((SLOWER, SLOW.sentence),),
    )


def test_a_column_says_how_its_region_is() -> None:
    regions = (summary("eu-west-1", RegionVerdict.SILENT, "since 07:40 UTC"),)
    assert journey_view(known(comparison=comparison(regions=regions)), SPAN).regions == (
        RegionColumn(
            "eu-west-1",
            REGION_SIGNS[RegionVerdict.SILENT],
            "since 07:40 UTC",
            "96.6 %",
            "990 ms",
            "1.20 s",
            "58 passed, 2 failed, 1 suspect",
            moment(NOW - 9 * SECOND, NOW),
        ),
    )


def test_bad_runs_are_listed_on_their_own_too() -> None:
    good, bad = (
        line("eu-west-1"),
        line("us-east-1", verdict="failed", cause="tls", failed_step="pay", reason="no TLS", suspect=True),
    )
    view = journey_view(known(lines=(good, bad)), SPAN)
    failed = RunRow(
        path=f"/runs/us-east-1-{NOW // MINUTE - 1}",
        sign=RUN_SIGNS["failed"],
        at=moment(NOW - MINUTE, NOW),
        region="us-east-1",
        duration="990 ms",
        trigger="schedule",
        where="pay: no TLS",
        suspect=True,
    )
    assert (view.bad, view.runs[1], view.runs[0].where) == ((failed,), failed, "")


def test_a_long_list_of_runs_is_cut() -> None:
    lines = [line("eu-west-1", NOW - minute * MINUTE, verdict="errored") for minute in range(SHOWN + 5)]
    view = journey_view(known(lines=lines), SPAN)
    assert (len(view.bad), len(view.runs), view.runs[0].at.text) == (SHOWN, SHOWN, "08:00:00")
