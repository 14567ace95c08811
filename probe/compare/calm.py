"""A row of values without its spikes, and how much neighbours in it resemble each other."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from statistics import fmean, median

SPIKE = 3 * 1.4826
"""Values farther from the median than that many median deviations count as if they were that far."""
MOST_ALIKE = 0.9


def without_spikes(values: Sequence[float]) -> list[float]:
    """Around 0."""
    centre = median(values)
    reach = SPIKE * median(abs(value - centre) for value in values) or inf
    near = [min(max(value - centre, -reach), reach) for value in values]
    mean = fmean(near)
    return [value - mean for value in near]


def memory(values: Sequence[float]) -> float:
    """The correlation of each with the next, from 0 to `MOST_ALIKE`, of values around 0."""
    power = sum(value**2 for value in values)
    alike = sum(one * two for one, two in pairwise(values)) / power if power else 0.0
    return min(max(alike, 0.0), MOST_ALIKE)
