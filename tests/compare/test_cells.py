from random import Random

import pytest

from probe.compare.cells import Judged, judge
from probe.compare.result import RegionFacts, Sample
from probe.compare.track import track
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, facts, noise, sample, steady, step


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


FAILED = [sample(slot, {}, cause="status") for slot in range(40, 60)]
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
        (runs(range(40)) + [sample(slot, {}, cause="status") for slot in range(40, 60)], [OTHER], ""),
        (runs(range(40)), [facts("other", [*runs(range(40)), *FAILED])], ""),
        (
            runs(range(40)) + [sample(slot, {}, cause="status") for slot in range(51, 60)],
            [OTHER],
            "not enough data: 40 of 51 slots filled",
        ),
        (runs(range(30)), [OTHER], ""),
        (runs(range(60)), [facts("late", runs(range(30, 60)))], ""),  # its time alone counts
    ],
)
def test_why_there_is_no_difference_is_said(own: list[Sample], others: list[RegionFacts], note: str) -> None:
    cell = judged(facts("own", own), *others)[0].cell
    assert (cell.note, cell.difference is None) == (note, note != "")


def test_the_more_cells_there_are_the_more_certain_one_must_be() -> None:
    """Alone the difference is significant (p = 0.025); among 40 cells that are alike it is not."""
    random = Random(17)
    odd = facts("odd", [sample(slot, {"pay": step(tls=random.gauss(114, 40))}) for slot in range(60)])
    alone, among = judged(odd, steady("us", tls=90)), judged(odd, *(steady(f"r{i}", tls=90) for i in range(40)))
    assert [found[0].cell.difference and found[0].cell.difference.significant for found in (alone, among)] == [
        True,
        False,
    ]


def test_a_step_that_became_slower_is_told_beside_its_own_past_where_the_others_did_too() -> None:
    slower = [
        facts(name, [sample(slot, {"pay": step(tls=100 + 80 * (slot >= 30))}) for slot in range(60)]) for name in "ab"
    ]
    found = [one.cell for one in judged(*slower)]
    rises = [one.rise and (one.rise.shift_ns, one.rise.significant, one.rise.pairs) for one in found]
    assert (rises, [one.difference and one.difference.shift_ns for one in found]) == ([(80 * MS, True, 30)] * 2, [0, 0])
    assert judged(steady("a", tls=100))[0].cell.rise is None


def test_the_more_cells_there_are_the_more_certain_a_rise_must_be_too() -> None:
    """Alone it is significant (p = 0.015); among 40 cells in which nothing changed it is not."""
    wobble = noise(Random(11), 32, 0.8, 30, spikes=0)
    values = [300 + more + 150 * (slot >= 11) for slot, more in enumerate(wobble)]
    odd = facts("odd", [sample(slot, {"pay": step(tls=value)}) for slot, value in enumerate(values)])
    alone, among = judged(odd), judged(odd, *(steady(f"r{i}", tls=300) for i in range(40)))
    assert [found[0].cell.rise and found[0].cell.rise.significant for found in (alone, among)] == [True, False]
