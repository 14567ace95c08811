from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.compare.compare import compare_regions
from probe.compare.result import Comparison, RegionFacts, RegionVerdict, StepSample
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, SINCE, compare, facts, noise, sample, steady, step


def sentences(comparison: Comparison) -> list[str]:
    return [finding.sentence for finding in comparison.findings]


def changed(region: str, place: int, ms: float, **how: float) -> RegionFacts:
    """Slower in its tls from a slot on."""

    def pay(slot: int) -> StepSample:
        return step(tls=30 + ms * (slot >= place), processing=200, send=slot * 7 % 5, **how)

    return facts(region, [sample(slot, {"pay": pay(slot)}) for slot in range(60)])


def far(region: str, ms: float) -> RegionFacts:
    steps = ("browse", "search", "cart", "pay")
    runs = [
        sample(slot, {name: step(processing=100 + ms + place, send=slot % 3) for place, name in enumerate(steps)})
        for slot in range(60)
    ]
    return facts(region, runs)


def failing(region: str, cause: str) -> RegionFacts:
    return facts(region, [sample(slot, {"browse": step(tls=9)}, cause=cause, failed="pay") for slot in range(60)])


def test_the_slow_region_its_step_phase_and_onset_are_named() -> None:
    comparison = compare(changed("eu-west-1", 35, 212), changed("us-east-1", 0, 0), changed("ap-south-1", 0, 0))
    assert comparison.headline == "checkout works in all 3 regions; eu-west-1 has become slower on *pay*."
    assert sentences(comparison) == [
        (
            "eu-west-1 is 212 ms (95 % CI 212–212, +91 %) slower than the other 2 regions on *pay*; all of it is tls; "
            "since 13:34–13:35 UTC (early: 25 slots)."
        )
    ]


def test_what_was_so_all_along_is_told_last_and_in_a_few_words() -> None:
    assert sentences(compare(steady("a", tls=300), steady("b", tls=100))) == [
        "Usual distance, all through the window: a +200 ms (tls) on *pay*."
    ]


def test_far_away_regions_are_one_sentence_and_hide_no_near_one() -> None:
    comparison = compare(far("ap-southeast-1", 250), far("us-east-1", 0), far("eu-west-1", 60))
    assert sentences(comparison) == [
        (
            "Usual distance, all through the window: ap-southeast-1 +250 ms (processing) on 4 steps and "
            "eu-west-1 +60 ms (processing) on 4 steps."
        ),
    ]


def test_regions_that_are_alike_are_said_to_be() -> None:
    comparison = compare(steady("a", tls=300), steady("b", tls=310), steady("c", tls=300))
    assert (comparison.headline, sentences(comparison)) == (
        "checkout works in all 3 regions; no region has become slower.",
        [],
    )


def test_what_is_down_is_told_with_its_step_and_no_usual_distance_beside_it() -> None:
    comparison = compare(
        failing("c", "connect"), changed("a", 0, 200), changed("b", 0, 0), facts("d", [], heard_slot=5)
    )
    assert sentences(comparison) == [
        "*pay* is down in c: connect; it works in 2 other regions.",
        "d is silent since 13:05 UTC; it is neither up nor down.",
    ]


def test_a_step_that_passes_nowhere_is_named_too() -> None:
    assert sentences(compare(failing("a", "status"), failing("b", "status"))) == [
        "The shop is down everywhere: checkout fails in all 2 regions that report (status on *pay*)."
    ]


def test_a_region_that_is_silent_or_has_a_bad_agent_is_not_called_slow() -> None:
    slow = steady("a", tls=400)
    silent, sick = replace(slow, heard_ns=SINCE), replace(slow, controls_sound=False)
    for region in (silent, sick):
        assert len(sentences(compare(region, steady("b", tls=100), steady("c", tls=100)))) == 1


def test_another_definition_is_said_and_left_out() -> None:
    odd = facts("a", [replace(run, definition="d2") for run in steady("a", tls=900).samples])
    comparison = compare(odd, steady("b", tls=100), steady("c", tls=100))
    assert (sentences(comparison), comparison.left_out, comparison.cell("a", "pay").note) == (  # type: ignore[union-attr]
        ["a runs another definition of checkout than the 2 other regions: not compared."],
        60,
        "runs another definition",
    )


@pytest.mark.parametrize(
    ("regions", "headline"),
    [
        ([], "No region has run checkout yet."),
        ([facts("a", [])], "a is unknown; there is no other region to compare it with."),
        ([facts("a", []), facts("b", [])], "No region reports, 2 are unknown."),
        ([steady("a", tls=1)], "checkout works in a; there is no other region to compare it with."),
        (
            [facts(name, [replace(run, suspect=True) for run in steady(name, tls=1).samples]) for name in "ab"],
            "checkout works in both regions; not enough data to compare them: 0 of 30 slots.",
        ),
        (
            [steady("a", tls=1), facts("b", [replace(run, slot=run.slot + 99) for run in steady("b", tls=1).samples])],
            "checkout works in both regions; not enough data to compare them: 0 of 30 slots.",
        ),
        (
            [steady("a", tls=0), steady("b", tls=0)],
            "checkout works in both regions; no region has become slower.",
        ),
    ],
)
def test_little_or_nothing_is_said_as_such(regions: Sequence[RegionFacts], headline: str) -> None:
    assert compare(*regions).headline == headline


def test_runs_outside_of_the_window_count_for_nothing() -> None:
    regions = [steady("a", tls=1), steady("b", tls=1)]
    comparison = compare_regions(
        "checkout", regions, since_ns=SINCE + MINUTE, until_ns=SINCE + 3 * MINUTE, now_ns=SINCE + 60 * MINUTE
    )
    assert [region.runs for region in comparison.regions] == [2, 2]


def fleet(
    random: Random, *, regions: int = 4, slots: int = 60, slower: Phase | None = None, ms: float = 0
) -> Comparison:
    """Regions of about 200 ms with noise of their own and in common; the first one may be slower in a phase."""
    common = noise(random, slots, 0.5)
    made = []
    for number in range(regions):
        own = noise(random, slots, 0.5)
        runs = []
        for slot in range(slots):
            phases = {
                "connect": 20.0,
                "tls": 30.0,
                "processing": max(1, 145 + own[slot] + common[slot]),
                "transfer": 5.0,
            }
            if slower and not number:
                phases[slower] += ms
            runs.append(sample(slot, {"pay": step(**phases)}))
        made.append(facts(str(number), runs, heard_slot=slots))
    return compare(*made, slots=slots)


@pytest.mark.parametrize(("regions", "slots"), [(4, 60), (3, 60), (2, 60), (4, 240), (4, 30)])
def test_where_nothing_differs_hardly_ever_something_is_said(regions: int, slots: int) -> None:
    """Autocorrelated (0.5), with spikes; nominal are 5 %, the effect gate makes it fewer."""
    random = Random(11)
    assert sum(bool(fleet(random, regions=regions, slots=slots).findings) for _ in range(60)) <= 3


STEPS = ("browse", "search", "cart", "pay")


def journey(
    random: Random, slots: int, memory: float, *, ms: float, slower: Callable[[int], float] = lambda _: 0
) -> Comparison:
    """Three regions and four steps of 300 ms, each with noise of its own; the first region may be slower on pay."""
    made = []
    for number in range(3):
        rows = {name: noise(random, slots, memory, ms, spikes=0) for name in STEPS}
        if not number:
            rows["pay"] = [value + slower(slot) for slot, value in enumerate(rows["pay"])]
        runs = [
            sample(slot, {name: step(processing=max(1, 300 + row[slot])) for name, row in rows.items()})
            for slot in range(slots)
        ]
        made.append(facts(str(number), runs, heard_slot=slots))
    return compare(*made, slots=slots)


@pytest.mark.parametrize(("slots", "memory", "most"), [(60, 0.5, 10), (240, 0.5, 5), (240, 0.7, 12)])
def test_among_many_cells_chance_is_hardly_ever_called_significant(slots: int, memory: float, most: int) -> None:
    """Of 100 comparisons, with noise so strong that the effect gate holds back nothing.

    Nominal are 5; blocks that resemble each other make it some more, the choice of the slots since a change must not.
    """
    random = Random(13)
    told = [journey(random, slots, memory, ms=90).cells for _ in range(100)]
    assert sum(any(cell.difference and cell.difference.significant for cell in cells) for cells in told) <= most


@pytest.mark.parametrize(("slots", "memory"), [(60, 0.0), (60, 0.5), (120, 0.5)])
def test_what_became_slower_halfway_is_found(slots: int, memory: float) -> None:
    random = Random(14)
    comparisons = [
        journey(random, slots, memory, ms=20, slower=lambda slot: 100 * (2 * slot >= slots)) for _ in range(60)
    ]
    found = [comparison.cell("0", "pay") for comparison in comparisons]
    assert sum(bool(cell and cell.difference and cell.difference.significant) for cell in found) >= 57


@pytest.mark.parametrize("slots", [30, 45, 60, 100])
def test_what_is_slower_all_along_is_found_from_30_slots_on(slots: int) -> None:
    random = Random(15)
    found = journey(random, slots, 0.5, ms=2, slower=lambda _: 150).findings
    assert [(one.region, one.step) for one in found] == [("0", "pay")]


@pytest.mark.parametrize("phase", [Phase.TLS, Phase.CONNECT, Phase.PROCESSING])
@pytest.mark.parametrize("slots", [60, 240])
def test_a_fifth_more_is_found_with_its_phase(slots: int, phase: Phase) -> None:
    random = Random(12)
    found = [fleet(random, slots=slots, slower=phase, ms=40).findings for _ in range(40)]
    named = [(one.region, one.step, one.phase) for findings in found for one in findings[:1]]
    assert named.count(("0", "pay", phase)) >= 36


REGIONS = st.integers(2, 4).flatmap(
    lambda count: st.lists(st.lists(st.integers(1, 1000), min_size=count, max_size=count), min_size=28, max_size=60)
)


def regions_of(rows: list[list[int]], names: str = "abcd", more: int = 0) -> list[RegionFacts]:
    return [
        facts(name, [sample(slot, {"pay": step(processing=ms + more, tls=ms % 7)}) for slot, ms in enumerate(column)])
        for name, column in zip(names, zip(*rows, strict=True), strict=False)
    ]


@settings(max_examples=50, deadline=None)
@given(REGIONS, st.permutations("abcd"))
def test_names_make_no_difference(rows: list[list[int]], names: list[str]) -> None:
    new = dict(zip("abcd", names, strict=True))
    before, after = compare(*regions_of(rows)), compare(*regions_of(rows, "".join(names)))
    assert [replace(cell, region=new[cell.region]) for cell in before.cells] == list(after.cells)
    assert [replace(region, region=new[region.region]) for region in before.regions] == list(after.regions)
    assert len(before.findings) == len(after.findings)


@settings(max_examples=50, deadline=None)
@given(REGIONS, st.randoms())
def test_the_order_of_regions_makes_no_difference(rows: list[list[int]], random: Random) -> None:
    regions = regions_of(rows)
    shuffled = random.sample(regions, len(regions))
    before, after = compare(*regions), compare(*shuffled)
    assert {(cell.region, cell.step): cell for cell in before.cells} == {
        (cell.region, cell.step): cell for cell in after.cells
    }
    assert sorted(sentences(before)) == sorted(sentences(after))


@settings(max_examples=50, deadline=None)
@given(REGIONS, st.integers(0, 10_000))
def test_what_all_regions_have_in_common_makes_no_difference(rows: list[list[int]], more: int) -> None:
    """But for what depends on how much of the whole a difference is: changes, and which of two others is a measure."""
    rows = [row if len(row) == 4 else row[:2] for row in rows]
    before, after = compare(*regions_of(rows)), compare(*regions_of(rows, more=more))
    for one, two in zip(before.cells, after.cells, strict=True):
        if one.difference and two.difference and not (one.difference.onset or two.difference.onset):
            assert one.difference.shift_ns == two.difference.shift_ns


def test_every_verdict_is_that_of_its_region() -> None:
    comparison = compare(steady("a", tls=1), failing("b", "tls"), facts("c", [], heard_slot=1))
    assert [(region.region, region.verdict) for region in comparison.regions] == [
        ("a", RegionVerdict.UP),
        ("b", RegionVerdict.DOWN),
        ("c", RegionVerdict.SILENT),
    ]


def test_times_are_exact() -> None:
    cell = compare(steady("a", tls=300), steady("b", tls=100)).cells[0]
    assert cell.difference is not None
    assert (cell.difference.shift_ns, cell.difference.trimmed_ns) == (200 * MS, 200 * MS)
