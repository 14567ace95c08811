import pytest

from probe.compare.benjamini_hochberg import certain


@pytest.mark.parametrize(
    ("p_values", "sure"),
    [
        ([], []),
        ([0.04], [True]),
        ([0.06], [False]),
        ([0.04, 0.9], [False, False]),
        ([0.9, 0.02], [False, True]),
        ([0.03, 0.04, 0.05], [True, True, True]),  # the largest is just certain, and takes the others along
        ([0.001, 0.2, 0.02, 0.9], [True, False, True, False]),
    ],
)
def test_the_more_hypotheses_there_are_the_more_it_takes(p_values: list[float], sure: list[bool]) -> None:
    assert certain(p_values, 0.05) == sure
