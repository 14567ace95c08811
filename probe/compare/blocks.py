"""An average with an interval that holds although neighbouring runs resemble each other.

Probe data are autocorrelated, so single runs count for less than they seem to; the medians of consecutive blocks are
nearly independent, and outliers do not move them.
"""

from collections.abc import Sequence
from math import copysign, inf, sqrt
from statistics import fmean, median, stdev

from msgspec import Struct

from probe.compare.student import quantile, two_sided

CONFIDENCE = 0.95


class Estimate(Struct, frozen=True):
    """The mean of the block medians and the ends of its confidence interval."""

    mean: float
    low: float
    high: float
    p_value: float
    """How likely a mean this far from 0 is by chance."""


def block_medians(values: Sequence[float]) -> list[float]:
    """In the order given: 6 blocks for few values, 8 for many, 24 for a day of them."""
    size = len(values)
    blocks = 6 if size < 120 else 8 if size < 1000 else 24
    return [median(values[size * block // blocks : size * (block + 1) // blocks]) for block in range(blocks)]


def estimate(values: Sequence[float]) -> Estimate:
    """Of at least 6 values, oldest first."""
    medians = block_medians(values)
    mean, error = fmean(medians), stdev(medians) / sqrt(len(medians))
    freedom = len(medians) - 1
    reach = quantile(CONFIDENCE, freedom) * error
    t = mean / error if error else copysign(inf, mean) if mean else 0.0
    return Estimate(mean, mean - reach, mean + reach, two_sided(t, freedom))
