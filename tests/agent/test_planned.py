from probe.model.slot import Placement
from tests.agent.planning import READS, WRITES, plan


def test_a_journey_writes_when_one_of_its_steps_does() -> None:
    assert [plan(steps=steps).writes for steps in (READS, READS + WRITES, WRITES)] == [False, True, True]


def test_only_a_first_step_that_writes_leaves_nothing_to_do_without_it() -> None:
    assert [plan(steps=steps).begins_with_a_write for steps in (READS + WRITES, WRITES)] == [False, True]


def test_regions_that_rotate_write_in_turn() -> None:
    regions = [plan(steps=WRITES, placement=Placement.ROTATE, turn=turn, turns=3) for turn in range(3)]
    assert [[region.writes_in(index) for region in regions].index(True) for index in range(6)] == [0, 1, 2, 0, 1, 2]
    assert [plan(steps=WRITES).takes_turns, regions[0].takes_turns] == [False, True]
