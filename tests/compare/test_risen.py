from random import Random

import pytest

from probe.compare.cells import Judged
from probe.compare.result import Cell, Comparison, Contribution, Difference, Onset, RegionFacts
from probe.compare.risen import Risen, risen_steps
from probe.compare.track import Track
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, SINCE, compare, facts, noise, sample, step

REGIONS = ("ap-southeast-1", "eu-west-1", "us-east-1")


def region(
    name: str, ms: float, *, place: int = 30, slots: int = 60, steps: tuple[str, ...] = ("browse",)
) -> RegionFacts:
    """Slower in processing by so much from a slot on; each region at its own distance."""
    away = 40 * REGIONS.index(name)

    def run(slot: int) -> dict[str, object]:
        more = ms * (slot >= place)
        return {
            one: step(connect=away, processing=300 + more + 10 * n, send=slot * 7 % 5) for n, one in enumerate(steps)
        }

    return facts(name, [sample(slot, run(slot)) for slot in range(slots)], heard_slot=slots)  # type: ignore[arg-type]


def sentences(*regions: RegionFacts, slots: int = 60) -> list[str]:
    return [finding.sentence for finding in compare(*regions, slots=slots).findings if not finding.usual]


def test_what_is_slower_in_all_regions_at_once_is_one_sentence() -> None:
    comparison = compare(*(region(name, 180) for name in REGIONS))
    assert (comparison.headline, [(one.sentence, one.step, one.phase) for one in comparison.findings[:1]]) == (
        "checkout works in all 3 regions; *browse* has become slower everywhere.",
        [
            (
                (
                    "*browse* is slower everywhere: +180 ms (+53 %) in 3 of 3 regions since 13:29–13:30 UTC; "
                    "all of it is processing (early: 30 slots)."
                ),
                "browse",
                Phase.PROCESSING,
            )
        ],
    )


def test_several_steps_are_one_sentence_and_the_one_that_is_most_so_is_named() -> None:
    several = [region(name, 180, steps=("browse", "pay")) for name in REGIONS]
    assert sentences(*several) == [
        (
            "2 steps are slower everywhere, most *browse*: +180 ms (+53 %) in 3 of 3 regions since 13:29–13:30 UTC; "
            "all of it is processing (early: 30 slots)."
        )
    ]


def test_a_region_alone_is_compared_with_its_own_past() -> None:
    assert sentences(region("eu-west-1", 180)) == [
        (
            "*browse* is slower than before in eu-west-1: +180 ms (+53 %) since 13:29–13:30 UTC; "
            "all of it is processing (early: 30 slots)."
        )
    ]


def test_what_a_region_has_beyond_the_others_is_told_once() -> None:
    told = sentences(region("eu-west-1", 180), region("us-east-1", 0), region("ap-southeast-1", 0))
    assert (len(told), told[0].startswith("eu-west-1 is "), "processing grew by 180 ms" in told[0]) == (1, True, True)


def test_what_two_of_three_have_is_not_called_everywhere() -> None:
    told = sentences(region("eu-west-1", 180), region("us-east-1", 180), region("ap-southeast-1", 0))
    assert not any("everywhere" in one for one in told)
    assert all(any(name in one for one in told) for name in ("eu-west-1", "us-east-1"))


def test_a_region_that_cannot_tell_yet_is_not_counted() -> None:
    young = facts("ap-southeast-1", region("ap-southeast-1", 180).samples[40:], heard_slot=60)
    assert "in 2 of 2 regions since" in sentences(region("eu-west-1", 180), region("us-east-1", 180), young)[0]


def test_regions_that_became_slower_one_after_the_other_are_told_with_all_of_that_time() -> None:
    told = sentences(region("eu-west-1", 180, place=20), region("us-east-1", 180, place=36))
    assert "in 2 of 2 regions since 13:19–13:36 UTC" in told[0]


def judged(name: str, first: int, last: int) -> Judged:
    parts = (Contribution(Phase.TLS, 100.0 * MS),)
    onset = Onset(SINCE + first * MINUTE, SINCE + last * MINUTE)
    rise = Difference(60, 100.0 * MS, 90.0 * MS, 110.0 * MS, 0.5, 0.0, True, 100.0 * MS, parts, onset)
    return Judged(Cell(name, "pay", 90, None, None, {}, rise=rise))


@pytest.mark.parametrize(
    ("there", "both"), [((8, 14), (8, 12)), ((2, 9), (5, 9)), ((5, 12), (5, 12)), ((13, 20), (5, 20))]
)
def test_when_regions_agree_on_a_time_it_is_that_and_else_all_of_it(
    there: tuple[int, int], both: tuple[int, int]
) -> None:
    tracks = [Track(name, {}, {}, {}, 0, strange=False) for name in "ab"]
    (found,) = risen_steps([judged("a", 5, 12), judged("b", *there)], tracks, "ab")
    first, last = both
    assert found.difference.onset == Onset(SINCE + first * MINUTE, SINCE + last * MINUTE)


def test_everywhere_is_more_than_one_region() -> None:
    assert not Risen(("a",), 1, ("pay",), Phase.TLS, None).everywhere  # type: ignore[arg-type]


def noisy(random: Random, slots: int, memory: float, ms: float) -> Comparison:
    """Three regions and three steps of 300 ms, with noise of their own and in common; slower everywhere on browse."""
    steps = ("browse", "cart", "pay")
    common = {name: noise(random, slots, memory, spikes=0) for name in steps}
    made = []
    for name in REGIONS:
        own = {one: noise(random, slots, memory) for one in steps}
        more = [{"browse": ms}.get(one, 0) for one in steps]
        runs = [
            sample(
                slot,
                {
                    one: step(processing=max(1, 300 + own[one][slot] + common[one][slot] + extra * (2 * slot >= slots)))
                    for one, extra in zip(steps, more, strict=True)
                },
            )
            for slot in range(slots)
        ]
        made.append(facts(name, runs, heard_slot=slots))
    return compare(*made, slots=slots)


@pytest.mark.parametrize(("slots", "memory"), [(60, 0.5), (240, 0.5), (240, 0.7)])
def test_what_all_regions_share_is_found_and_said_of_all(slots: int, memory: float) -> None:
    random = Random(31)
    told = [noisy(random, slots, memory, 100).findings for _ in range(30)]
    found = [findings[0].sentence for findings in told if findings]
    assert sum(one.startswith("*browse* is slower everywhere: +") for one in found) >= 27


@pytest.mark.parametrize(("slots", "memory"), [(60, 0.5), (240, 0.7)])
def test_where_nothing_changes_hardly_ever_something_is_said(slots: int, memory: float) -> None:
    random = Random(32)
    assert sum(bool(noisy(random, slots, memory, 0).findings) for _ in range(60)) <= 2
