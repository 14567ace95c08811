import pytest

from probe.compare.track import common_definition, shared_slots, step_names, track
from tests.compare.fleet import MINUTE, SINCE, facts, sample, step

PAY = {"pay": step(tls=1)}


def test_runs_that_are_suspect_or_of_another_definition_are_left_out() -> None:
    runs = [sample(0, PAY, definition="old"), sample(1, PAY, suspect=True), sample(2, PAY)]
    found = track(facts("eu", runs), "d1")
    assert (dict(found.passes), dict(found.at_ns), dict(found.spans), found.left_out, found.strange) == (
        {"pay": {(MINUTE, 2): step(tls=1)}},
        {(MINUTE, 2): SINCE + 2 * MINUTE},
        {MINUTE: (1, 2)},
        2,
        False,
    )


def test_a_region_whose_latest_run_is_of_another_definition_is_strange() -> None:
    assert track(facts("eu", [sample(0, PAY), sample(1, PAY, definition="new")]), "d1").strange
    assert not track(facts("eu", []), "d1").strange


def test_slots_are_in_the_order_of_time_whatever_order_they_came_in() -> None:
    assert list(track(facts("eu", [sample(slot, PAY) for slot in (3, 1, 2)]), "d1").at_ns) == [
        (MINUTE, slot) for slot in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("last", "common"),
    [([], ""), (["a", "a", "b"], "a"), (["a", "b", "b"], "b"), (["a", "b"], "b")],  # of two, the one that ran last
)
def test_the_definition_is_the_one_most_regions_ran_last(last: list[str], common: str) -> None:
    regions = [
        facts(str(slot), [sample(-9, PAY, definition="once"), sample(slot, PAY, definition=name)])
        for slot, name in enumerate(last)
    ]
    assert common_definition([*regions, facts("empty", [])]) == common


def test_steps_are_in_the_order_of_the_journey() -> None:
    whole = {name: step() for name in ("browse", "cart", "pay")}
    runs = [sample(0, {"browse": step()}), sample(1, whole), sample(2, {"else": step()}, definition="old")]
    assert step_names([facts("eu", runs)], "d1") == ("browse", "cart", "pay")


def test_shared_slots_are_those_of_the_time_when_both_ran() -> None:
    assert shared_slots({1: (0, 59)}, [{1: (30, 70)}]) == 30
    assert shared_slots({1: (0, 59)}, [{1: (50, 70)}, {1: (10, 12)}]) == 50
    assert shared_slots({1: (0, 59)}, [{1: (60, 70)}]) == 0
    assert shared_slots({1: (0, 59)}, [{2: (0, 59)}]) == 0
