from math import isclose

import pytest

from probe.compare.student import quantile, two_sided


@pytest.mark.parametrize(
    ("inside", "freedom", "t"),
    [
        (0.95, 1, 12.7062047),
        (0.95, 2, 4.3026527),
        (0.95, 3, 3.1824463),
        (0.95, 5, 2.5705818),
        (0.95, 7, 2.3646243),
        (0.95, 23, 2.0686576),
        (0.99, 5, 4.0321430),
        (0.5, 4, 0.7406971),
    ],
)
def test_quantiles_are_those_of_printed_tables(inside: float, freedom: int, t: float) -> None:
    assert isclose(quantile(inside, freedom), t, rel_tol=1e-7)
    assert isclose(two_sided(t, freedom), 1 - inside, rel_tol=1e-6)


def test_what_is_infinitely_far_has_no_probability_and_the_middle_all_of_it() -> None:
    assert (two_sided(float("inf"), 5), two_sided(0.0, 5), two_sided(0.0, 6)) == (0.0, 1.0, 1.0)


def test_either_side_is_the_same() -> None:
    assert two_sided(-2.0, 7) == two_sided(2.0, 7)
