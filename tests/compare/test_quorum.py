import pytest

from probe.compare.quorum import reporting, spell_verdicts, verdict_findings
from probe.compare.result import Finding, RegionVerdict
from probe.compare.verdict import Standing

UP = Standing(RegionVerdict.UP)
DOWN = Standing(RegionVerdict.DOWN, "why", "status on *pay*")
UNREACHED = Standing(RegionVerdict.DOWN, "why", "connect")
AGENT = Standing(RegionVerdict.AGENT, "why", sentence="The agent is the problem.")
SILENT = Standing(RegionVerdict.SILENT, "why", sentence="It is silent.")
UNKNOWN = Standing(RegionVerdict.UNKNOWN, "no runs yet")
STALLED = Standing(RegionVerdict.UNKNOWN, "why", sentence="It has not run.")


def told(*standings: Standing) -> list[Finding]:
    return verdict_findings("checkout", dict(zip("abcdefg", standings, strict=False)))


@pytest.mark.parametrize(
    ("standings", "sentence"),
    [
        (
            (DOWN, DOWN, DOWN),
            "The target is down everywhere: checkout fails in all 3 regions that report (status on *pay*).",
        ),
        (
            (DOWN, UNREACHED, SILENT, AGENT),
            "The target is down everywhere: checkout fails in all 2 regions that report (status on *pay* and connect).",
        ),
        ((UNREACHED, UP, UP), "checkout is down in a (connect), up in 2 other regions."),
        ((DOWN, UP, SILENT), "checkout is down in a (status on *pay*), up in 1 other region."),
        ((DOWN, DOWN, UP), "checkout is down in a and b (status on *pay*), up in 1 other region."),
        ((DOWN, UP, UNREACHED), "checkout is down in a (status on *pay*) and c (connect), up in 1 other region."),
        ((DOWN, SILENT, AGENT), "checkout is down in a (status on *pay*), the only region that reports."),
        ((DOWN,), "checkout is down in a (status on *pay*), the only region that reports."),
    ],
)
def test_where_the_target_is_down_comes_first(standings: tuple[Standing, ...], sentence: str) -> None:
    assert told(*standings)[0].sentence == sentence


def test_agents_follow_worst_first() -> None:
    assert told(STALLED, SILENT, UP, AGENT, DOWN, UNKNOWN) == [
        Finding("checkout is down in e (status on *pay*), up in 1 other region.", region="e"),
        Finding("The agent is the problem.", region="d"),
        Finding("It is silent.", region="b"),
        Finding("It has not run.", region="a"),
    ]


def test_who_is_up_is_no_news() -> None:
    assert told(UP, UP) == []


def test_only_those_that_are_up_or_down_report() -> None:
    assert reporting({"a": UP, "b": DOWN, "c": SILENT, "d": AGENT, "e": UNKNOWN}) == ["a", "b"]


@pytest.mark.parametrize(
    ("standings", "text"),
    [
        ((UP, UP, UP), "All 3 regions pass"),
        ((UP, UP), "Both regions pass"),
        ((UP,), "a passes"),
        ((DOWN,), "a is down"),
        ((AGENT,), "in a the agent is the problem"),
        ((DOWN, UP, UP), "2 of 3 regions pass, 1 is down"),
        ((DOWN, DOWN, UP, SILENT), "1 of 4 regions passes, 2 are down, 1 is silent"),
        ((UP, AGENT, UNKNOWN), "1 of 3 regions passes, in 1 the agent is the problem, 1 is unknown"),
        ((DOWN, DOWN), "checkout is down everywhere"),
        ((DOWN, DOWN, SILENT), "checkout is down everywhere, 1 is silent"),
        ((DOWN, SILENT), "0 of 2 regions pass, 1 is down, 1 is silent"),
        ((SILENT, SILENT), "No region reports, 2 are silent"),
    ],
)
def test_the_verdicts_of_all_regions_are_counted(standings: tuple[Standing, ...], text: str) -> None:
    assert spell_verdicts("checkout", dict(zip("abcdefg", standings, strict=False))) == text
