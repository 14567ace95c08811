from math import sqrt
from random import Random
from statistics import fmean, stdev

import pytest

from probe.compare.blocks import Estimate, Level, around, block_medians, estimate, level, rise
from tests.compare.fleet import noise


@pytest.mark.parametrize(("size", "blocks"), [(6, 6), (30, 6), (119, 6), (120, 8), (999, 8), (1000, 24)])
def test_there_are_more_blocks_of_more_values(size: int, blocks: int) -> None:
    assert len(block_medians(range(size))) == blocks


def test_blocks_are_of_neighbours_and_leave_nothing_out() -> None:
    assert block_medians([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6]) == [1, 2, 3, 4, 5, 6]


def test_an_interval_is_that_of_students_t_over_the_block_medians() -> None:
    found = around(Level(3.5, 0.7638, 5))
    assert (found.mean, round(found.low, 3), round(found.high, 3), round(found.p_value, 4)) == (
        3.5,
        1.537,
        5.463,
        0.0059,
    )


def test_blocks_of_values_that_do_not_resemble_each_other_are_taken_nearly_as_they_are() -> None:
    values = [float(place * 37 % 61 * (-1) ** place) for place in range(60)]
    medians = block_medians(values)
    found = level(values)
    assert (found.mean, found.freedom) == (fmean(medians), 5)
    assert 1 < found.error / (stdev(medians) / sqrt(6)) < 1.01  # a little, for so few could hide that they do


def test_the_more_neighbours_resemble_each_other_the_wider_is_the_interval() -> None:
    steps = [float(place // 5 % 2) + place // 10 for place in range(60)]
    medians = block_medians(steps)
    assert level(steps).error > 1.3 * stdev(medians) / sqrt(6)


def test_a_rise_is_from_one_level_to_the_other_with_welchs_degrees_of_freedom() -> None:
    assert rise(Level(100.0, 3.0, 5), Level(180.0, 4.0, 5)) == Level(80.0, 5.0, 9)
    assert rise(Level(100.0, 0.0, 5), Level(180.0, 0.0, 7)) == Level(80.0, 0.0, 5)


def test_values_that_never_vary_are_certain() -> None:
    assert estimate([2.0] * 30) == Estimate(2.0, 2.0, 2.0, 0.0)
    assert estimate([-2.0] * 30) == Estimate(-2.0, -2.0, -2.0, 0.0)
    assert estimate([0.0] * 30) == Estimate(0.0, 0.0, 0.0, 1.0)


def test_one_outlier_in_a_block_moves_nothing() -> None:
    values = [10.0] * 60
    values[7] = 1e9
    assert estimate(values).mean == 10


@pytest.mark.parametrize(("memory", "most"), [(0.0, 0.08), (0.5, 0.085), (0.7, 0.09), (0.8, 0.105)])
def test_neighbours_that_resemble_each_other_hardly_make_an_interval_lie(memory: float, most: float) -> None:
    random = Random(1)
    rows = ([a - b for a, b in zip(*(noise(random, 60, memory) for _ in "ab"), strict=True)] for _ in range(400))
    found = [estimate(row) for row in rows]
    assert sum(not one.low <= 0 <= one.high for one in found) / 400 <= most
