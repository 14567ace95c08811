import pytest
from msgspec.structs import replace

from probe.compare.quorum import reporting, spell_verdicts, verdict_findings
from probe.compare.result import Finding, RegionVerdict
from probe.compare.verdict import Standing

UP = Standing(RegionVerdict.UP)
DOWN = Standing(RegionVerdict.DOWN, "why", "HTTP 500", "pay")
UNREACHED = Standing(RegionVerdict.DOWN, "why", "connection refused")
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
            "The shop is down everywhere: checkout fails in all 3 regions that report (HTTP 500 on *pay*).",
        ),
        (
            (DOWN, UNREACHED, SILENT, AGENT),
            (
                "The shop is down everywhere: checkout fails in all 2 regions that report "
                "(HTTP 500 on *pay* and connection refused)."
            ),
        ),
        ((UNREACHED, UP, UP), "checkout is down in a (connection refused); it works in 2 other regions."),
        ((DOWN, UP, SILENT), "*pay* is down in a: HTTP 500; it works in 1 other region."),
        ((DOWN, DOWN, UP), "*pay* is down in a and b: HTTP 500; it works in 1 other region."),
        (
            (DOWN, UP, UNREACHED),
            "checkout is down in a (HTTP 500 on *pay*) and c (connection refused); it works in 1 other region.",
        ),
        ((DOWN, SILENT, AGENT), "*pay* is down in a: HTTP 500; the only region that reports."),
        ((DOWN,), "*pay* is down in a: HTTP 500; the only region that reports."),
    ],
)
def test_where_the_target_is_down_comes_first(standings: tuple[Standing, ...], sentence: str) -> None:
    assert told(*standings)[0].sentence == sentence


def test_agents_follow_worst_first() -> None:
    assert told(STALLED, SILENT, UP, AGENT, DOWN, UNKNOWN) == [
        Finding("*pay* is down in e: HTTP 500; it works in 1 other region.", "e", "pay", verdict=RegionVerdict.DOWN),
        Finding("The agent is the problem.", "d", verdict=RegionVerdict.AGENT),
        Finding("It is silent.", "b", verdict=RegionVerdict.SILENT),
        Finding("It has not run.", "a", verdict=RegionVerdict.UNKNOWN),
    ]


def test_who_is_up_is_no_news() -> None:
    assert told(UP, UP) == []


def test_only_those_that_are_up_or_down_report() -> None:
    assert reporting({"a": UP, "b": DOWN, "c": SILENT, "d": AGENT, "e": UNKNOWN}) == ["a", "b"]


@pytest.mark.parametrize(
    ("standings", "text"),
    [
        ((UP, UP, UP), "checkout works in all 3 regions"),
        ((UP, UP), "checkout works in both regions"),
        ((UP,), "checkout works in a"),
        ((DOWN,), "checkout is down in a"),
        ((AGENT,), "in a the agent is the problem"),
        ((DOWN, UP, UP), "checkout works in 2 of 3 regions, 1 is down"),
        ((DOWN, DOWN, UP, SILENT), "checkout works in 1 of 4 regions, 2 are down, 1 is silent"),
        ((UP, AGENT, UNKNOWN), "checkout works in 1 of 3 regions, in 1 the agent is the problem, 1 is unknown"),
        ((DOWN, DOWN), "checkout is down everywhere"),
        ((DOWN, DOWN, SILENT), "checkout is down everywhere, 1 is silent"),
        ((DOWN, SILENT), "checkout works in none of 2 regions, 1 is down, 1 is silent"),
        ((SILENT, SILENT), "No region reports, 2 are silent"),
    ],
)
def test_the_verdicts_of_all_regions_are_counted(standings: tuple[Standing, ...], text: str) -> None:
    assert spell_verdicts("checkout", dict(zip("abcdefg", standings, strict=False))) == text


@pytest.mark.parametrize(
    ("instants", "sentence"),
    [
        ((7, 5), "The shop is down everywhere since 13:05 UTC: checkout fails in all 2 regions that report"),
        ((7, None), "The shop is down everywhere: checkout fails in all 2 regions that report"),
    ],
)
def test_since_when_it_is_down_is_told_where_it_began_in_the_window(
    instants: tuple[int | None, ...], sentence: str
) -> None:
    since = [replace(DOWN, since_ns=at, since=f"since 13:0{at} UTC") for at in instants]
    assert told(*since)[0].sentence.startswith(sentence)
