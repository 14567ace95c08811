from msgspec.structs import replace

from probe.compare.cells import Judged
from probe.compare.result import Cell, Contribution, Difference, Onset
from probe.compare.slow import Slow, distance_findings, slow_finding, slow_steps
from probe.model.timing import Phase
from tests.compare.fleet import MS, SINCE

REGIONS = ("eu", "us", "ap")


def judged(
    region: str, step: str, ms: float, phase: Phase = Phase.TLS, *, significant: bool = True, began: bool = False
) -> Judged:
    onset = Onset(SINCE, SINCE) if began else None
    parts = (Contribution(phase, ms * MS),)
    difference = Difference(90, ms * MS, ms * MS, ms * MS, 1.0, 0.0, significant, ms * MS, parts, onset)
    return Judged(Cell(region, step, 90, None, None, {}, difference), ("us", "ap"), 90)


def told(*cells: Judged) -> list[tuple[str, tuple[str, ...], Phase]]:
    return [(slow.region, slow.steps, slow.phase) for slow in slow_steps(cells, REGIONS)]


def test_the_largest_comes_first() -> None:
    assert told(judged("eu", "pay", 100), judged("ap", "pay", 300)) == [
        ("ap", ("pay",), Phase.TLS),
        ("eu", ("pay",), Phase.TLS),
    ]


def test_what_began_in_the_window_comes_before_distance() -> None:
    assert told(judged("ap", "pay", 300), judged("eu", "pay", 100, began=True))[0] == ("eu", ("pay",), Phase.TLS)


def test_steps_of_a_region_for_one_phase_are_one_thing_and_another_phase_is_another() -> None:
    assert told(
        judged("eu", "browse", 100), judged("eu", "pay", 300), judged("eu", "search", 50, Phase.PROCESSING)
    ) == [("eu", ("pay", "browse"), Phase.TLS), ("eu", ("search",), Phase.PROCESSING)]


def test_steps_compared_with_others_are_another_thing() -> None:
    alone = replace(judged("eu", "browse", 100), peers=("us",))
    assert len(told(alone, judged("eu", "pay", 300))) == 2


def test_faster_uncertain_and_unreported_ones_are_no_news() -> None:
    assert (
        told(judged("eu", "pay", -300), judged("us", "pay", 300, significant=False), judged("gone", "pay", 300)) == []
    )
    assert slow_steps([Judged(Cell("eu", "pay", 0, None, None, {}))], REGIONS) == []


def test_a_finding_points_at_where_it_is_largest() -> None:
    (slow,) = slow_steps([judged("eu", "browse", 100), judged("eu", "pay", 300)], REGIONS)
    finding = slow_finding(slow, 2, now_ns=SINCE)
    assert (finding.region, finding.step, finding.phase) == ("eu", "pay", Phase.TLS)
    assert finding.sentence.startswith("eu is slower than the other 2 regions on 2 steps, most on *pay*: 300 ms ")
    assert isinstance(slow, Slow)


def test_distances_are_one_finding_that_is_no_news() -> None:
    slow = slow_steps([judged("eu", "pay", 60), judged("ap", "pay", 250), judged("us", "pay", 90, began=True)], REGIONS)
    (finding,) = distance_findings(slow)
    assert (finding.sentence, finding.usual) == (
        "Usual distance, all through the window: ap +250 ms (tls) on *pay* and eu +60 ms (tls) on *pay*.",
        True,
    )
    assert distance_findings([one for one in slow if one.is_news]) == []


def test_a_regions_distances_are_told_once_by_the_largest() -> None:
    slow = slow_steps([judged("ap", "pay", 60, Phase.PROCESSING), judged("ap", "browse", 250)], REGIONS)
    (finding,) = distance_findings(slow)
    assert finding.sentence == "Usual distance, all through the window: ap +250 ms (tls) on 2 steps."
