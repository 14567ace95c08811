import pytest

from probe.compare.cells import Judged
from probe.compare.headline import headline
from probe.compare.quorum import Standings
from probe.compare.result import Cell, Difference, RegionVerdict
from probe.compare.slow import Slow
from probe.compare.verdict import Standing
from probe.model.timing import Phase

UP, DOWN = Standing(RegionVerdict.UP), Standing(RegionVerdict.DOWN)
SILENT = Standing(RegionVerdict.SILENT)
EQUAL = Difference(60, 0.0, 0.0, 0.0, 0.0, 1.0, False, 0.0, ())
COMPARED = Judged(Cell("a", "pay", 60, None, None, {}, EQUAL), ("b",), 60)
TOO_FEW = Judged(Cell("a", "pay", 12, None, None, {}), ("b",), 12)


def slow(region: str, *steps: str) -> Slow:
    return Slow(region, steps, Phase.TLS, EQUAL, ("b",))


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
            "All 3 regions pass; no region is slower than the others by more than 20 ms and 10 %.",
        ),
        (regions(UP, UP), [TOO_FEW], [], "Both regions pass; not enough data to compare them: 12 of 30 slots."),
        (regions(UP, UP), [], [], "Both regions pass; not enough data to compare them: 0 of 30 slots."),
        (regions(UP), [TOO_FEW], [], "a passes; there is no other region to compare it with."),
        (regions(UP, UP), [COMPARED], [slow("a", "pay")], "Both regions pass; a is slower on *pay*."),
        (
            regions(UP, UP),
            [COMPARED],
            [slow("a", "x", "y"), slow("a", "z")],
            "Both regions pass; a is slower on 3 steps.",
        ),
        (regions(UP, UP, UP), [], [slow("a", "x"), slow("b", "x")], "All 3 regions pass; a and b are slower on *x*."),
        (regions(UP, DOWN), [COMPARED], [], "1 of 2 regions passes, 1 is down."),
        (regions(DOWN, DOWN), [COMPARED], [slow("a", "x")], "checkout is down everywhere; a is slower on *x*."),
        (
            regions(UP, UP, SILENT),
            [COMPARED],
            [],
            "2 of 3 regions pass, 1 is silent; no region is slower than the others by more than 20 ms and 10 %.",
        ),
    ],
)
def test_the_headline_says_all_in_a_sentence(
    standings: Standings, judged: list[Judged], slower: list[Slow], text: str
) -> None:
    assert headline("checkout", standings, judged, slower) == text
