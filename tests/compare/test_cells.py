import pytest

from probe.compare.cells import Judged, judge
from probe.compare.result import RegionFacts, Sample
from probe.compare.track import track
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, facts, sample, steady, step


def judged(*regions: RegionFacts) -> list[Judged]:
    return judge([track(region, "d1") for region in regions], ["pay"])


def runs(slots: range, **how: object) -> list[Sample]:
    return [sample(slot, {"pay": step(tls=100)}, **how) for slot in slots]  # type: ignore[arg-type]


def test_a_cell_tells_what_was_measured() -> None:
    cell = judged(steady("eu", tls=300), steady("us", tls=100))[0].cell
    assert (cell.region, cell.step, cell.runs, cell.median_ns, cell.p95_ns, cell.phases) == (
        "eu",
        "pay",
        60,
        302 * MS,
        304 * MS,
        {Phase.TLS: 300 * MS, Phase.SEND: 2 * MS},
    )


def test_a_difference_is_significant_on_either_side() -> None:
    eu, us = judged(steady("eu", tls=300), steady("us", tls=100))
    assert [
        one.cell.difference and (one.cell.difference.significant, one.cell.difference.shift_ns) for one in (eu, us)
    ] == [
        (True, 200 * MS),
        (True, -200 * MS),
    ]


def test_the_regions_it_was_compared_with_are_known() -> None:
    eu, us, far = judged(steady("eu", tls=300), steady("us", tls=100), steady("far", tls=900))
    assert (eu.peers, us.peers, far.peers) == (("us",), ("eu",), ("us",))


OTHER = facts("other", runs(range(60)))


@pytest.mark.parametrize(
    ("own", "others", "note"),
    [
        (runs(range(60)), [], "no other region"),
        ([], [OTHER], "no runs"),
        (runs(range(60), suspect=True), [OTHER], "all runs are suspect"),
        (runs(range(60), definition="d2"), [OTHER], "runs another definition"),
        ([sample(slot, {}, cause="status") for slot in range(60)], [OTHER], "never passed"),
        (runs(range(60)), [facts("other", [sample(slot, {}) for slot in range(60)])], "passed in no other region"),
        (runs(range(100, 160)), [OTHER], "no slot in common with another region"),
        (runs(range(60), every_ns=2 * MINUTE), [OTHER], "every 2 m 00 s, the others every 60.0 s"),
        (runs(range(12)), [OTHER], "not enough data: 12 of 30 slots"),
        (runs(range(29)), [OTHER], "not enough data: 29 of 30 slots"),
        (runs(range(0, 60, 2)), [OTHER], "not enough data: 30 of 59 slots filled"),
        (runs(range(48)) + [sample(slot, {}, cause="status") for slot in range(48, 61)], [OTHER], ""),
        (
            runs(range(47)) + [sample(slot, {}, cause="status") for slot in range(47, 60)],
            [OTHER],
            "not enough data: 47 of 60 slots filled",
        ),
        (runs(range(30)), [OTHER], ""),
        (runs(range(60)), [facts("late", runs(range(30, 60)))], ""),  # its time alone counts
    ],
)
def test_why_there_is_no_difference_is_said(own: list[Sample], others: list[RegionFacts], note: str) -> None:
    cell = judged(facts("own", own), *others)[0].cell
    assert (cell.note, cell.difference is None) == (note, note != "")


def test_the_more_cells_there_are_the_more_certain_one_must_be() -> None:
    """Alone the difference is significant (p = 0.03); among 40 cells that are alike it is not."""
    wobble = [40.0] * 30 + [0.0] * 6 + [40.0] * 14 + [0.0] * 10
    odd = facts("odd", [sample(slot, {"pay": step(tls=100 + ms)}) for slot, ms in enumerate(wobble)])
    alone, among = judged(odd, steady("us", tls=98)), judged(odd, *(steady(f"r{i}", tls=98) for i in range(40)))
    assert [found[0].cell.difference and found[0].cell.difference.significant for found in (alone, among)] == [
        True,
        False,
    ]
