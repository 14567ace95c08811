from random import Random

import pytest

from probe.compare.blocks import Estimate, block_medians, estimate
from tests.compare.fleet import noise


@pytest.mark.parametrize(("size", "blocks"), [(6, 6), (30, 6), (119, 6), (120, 8), (999, 8), (1000, 24)])
def test_there_are_more_blocks_of_more_values(size: int, blocks: int) -> None:
    assert len(block_medians(range(size))) == blocks


def test_blocks_are_of_neighbours_and_leave_nothing_out() -> None:
    assert block_medians([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6]) == [1, 2, 3, 4, 5, 6]


def test_an_interval_is_that_of_students_t_over_the_block_medians() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert (found.mean, round(found.low, 4), round(found.high, 4), round(found.p_value, 4)) == (
        3.5,
        1.5367,
        5.4633,
        0.0059,
    )


def test_values_that_never_vary_are_certain() -> None:
    assert estimate([2.0] * 30) == Estimate(2.0, 2.0, 2.0, 0.0)
    assert estimate([-2.0] * 30) == Estimate(-2.0, -2.0, -2.0, 0.0)
    assert estimate([0.0] * 30) == Estimate(0.0, 0.0, 0.0, 1.0)


def test_one_outlier_in_a_block_moves_nothing() -> None:
    values = [10.0] * 60
    values[7] = 1e9
    assert estimate(values).mean == 10


@pytest.mark.parametrize(("memory", "most"), [(0.0, 0.09), (0.5, 0.11)])
def test_neighbours_that_resemble_each_other_hardly_make_an_interval_lie(memory: float, most: float) -> None:
    random = Random(1)
    rows = ([a - b for a, b in zip(*(noise(random, 60, memory) for _ in "ab"), strict=True)] for _ in range(400))
    found = [estimate(row) for row in rows]
    assert sum(not one.low <= 0 <= one.high for one in found) / 400 <= most
