import pytest

from probe.compare.calm import MOST_ALIKE, memory, without_spikes


def test_spikes_count_as_far_as_others_reach_and_the_rest_lies_around_0() -> None:
    values = [10.0, 12.0, 11.0, 9.0, 8.0, 10.0, 900.0]
    calm = without_spikes(values)
    assert (abs(sum(calm)) < 1e-9, max(calm) < 10, calm[1] - calm[0]) == (True, True, 2.0)


def test_values_that_hardly_ever_vary_keep_what_they_have() -> None:
    assert without_spikes([5.0] * 9 + [15.0]) == [-1.0] * 9 + [9.0]


@pytest.mark.parametrize(
    ("values", "alike"),
    [([1.0, -1.0] * 9, 0.0), ([0.0] * 9, 0.0), ([1.0] * 50 + [-1.0] * 50, MOST_ALIKE), ([1.0, 1.0, -1.0, -1.0], 0.25)],
)
def test_neighbours_resemble_each_other_by_so_much(values: list[float], alike: float) -> None:
    assert memory(values) == alike
