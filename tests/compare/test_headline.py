import pytest
from msgspec.structs import replace

from probe.compare.cells import Judged
from probe.compare.headline import headline
from probe.compare.quorum import Standings
from probe.compare.result import Cell, Difference, Onset, RegionVerdict
from probe.compare.risen import Risen
from probe.compare.slow import Slow
from probe.compare.verdict import Standing
from probe.model.timing import Phase

UP, DOWN = Standing(RegionVerdict.UP), Standing(RegionVerdict.DOWN)
SILENT = Standing(RegionVerdict.SILENT)
EQUAL = Difference(60, 0.0, 0.0, 0.0, 0.0, 1.0, False, 0.0, ())
BEGAN = replace(EQUAL, onset=Onset(0, 1))
COMPARED = Judged(Cell("a", "pay", 60, None, None, {}, EQUAL), ("b",), 60)
TOO_FEW = Judged(Cell("a", "pay", 12, None, None, {}), ("b",), 12)


def slow(region: str, *steps: str) -> Slow:
    return Slow(region, steps, Phase.TLS, BEGAN, ("b",))


def regions(*standings: Standing) -> Standings:
    return dict(zip("abcdefg", standings, strict=False))


@pytest.mark.parametrize(
    ("standings", "judged", "slower", "text"),
    [
        (regions(), [], [], "No region has run checkout yet."),
        (
            regions(UP, UP, UP),
            [COMPARED, TOO_FEW],
            [],
            "checkout works in all 3 regions; no region has become slower.",
        ),
        (
            regions(UP, UP),
            [TOO_FEW],
            [],
            "checkout works in both regions; not enough data to compare them: 12 of 30 slots.",
        ),
        (regions(UP, UP), [], [], "checkout works in both regions; not enough data to compare them: 0 of 30 slots."),
        (regions(UP), [TOO_FEW], [], "checkout works in a; there is no other region to compare it with."),
        (
            regions(UP, UP),
            [COMPARED],
            [slow("a", "pay")],
            "checkout works in both regions; a has become slower on *pay*.",
        ),
        (
            regions(UP, UP),
            [COMPARED],
            [slow("a", "x", "y"), slow("a", "z")],
            "checkout works in both regions; a has become slower on 3 steps.",
        ),
        (
            regions(UP, UP, UP),
            [],
            [slow("a", "x"), slow("b", "x")],
            "checkout works in all 3 regions; a and b have become slower on *x*.",
        ),
        (regions(UP, DOWN), [COMPARED], [], "checkout works in 1 of 2 regions, 1 is down."),
        (regions(DOWN, DOWN), [COMPARED], [slow("a", "x")], "checkout is down everywhere; a has become slower on *x*."),
        (
            regions(UP, UP, SILENT),
            [COMPARED],
            [],
            "checkout works in 2 of 3 regions, 1 is silent; no region has become slower.",
        ),
    ],
)
def test_the_headline_says_all_in_a_sentence(
    standings: Standings, judged: list[Judged], slower: list[Slow], text: str
) -> None:
    assert headline("checkout", standings, judged, slower, []) == text


def risen(everywhere: bool, *steps: str) -> Risen:
    regions = ("a", "b") if everywhere else ("a",)
    return Risen(regions, 2, steps, Phase.TLS, BEGAN)


@pytest.mark.parametrize(
    ("slower", "rises", "text"),
    [
        ([], [risen(True, "pay")], "*pay* has become slower everywhere"),
        ([], [risen(True, "pay", "x")], "2 steps have become slower everywhere"),
        ([slow("b", "x")], [risen(True, "pay")], "*pay* has become slower everywhere; b has become slower on *x*"),
        ([slow("b", "x")], [risen(False, "x")], "b and a have become slower on *x*"),
        ([Slow("b", ("x",), Phase.TLS, EQUAL, ("a",))], [], "no region has become slower"),
    ],
)
def test_what_is_slower_than_it_was_is_told_and_distance_is_not(
    slower: list[Slow], rises: list[Risen], text: str
) -> None:
    assert headline("checkout", regions(UP, UP), [COMPARED], slower, rises) == (
        f"checkout works in both regions; {text}."
    )
