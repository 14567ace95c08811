"""An average with an interval that holds although neighbouring runs resemble each other.

Probe data are autocorrelated, so single runs count for less than they seem to; the medians of consecutive blocks are
nearly independent, and outliers do not move them. Where there are so few runs that blocks are short, they resemble
each other too: the interval is wider by as much as blocks of an autoregressive process of first order would.
"""

from collections.abc import Sequence
from math import copysign, inf, sqrt
from statistics import fmean, median, stdev

from msgspec import Struct

from probe.compare.calm import MOST_ALIKE, memory, without_spikes
from probe.compare.student import quantile, two_sided

CONFIDENCE = 0.95


class Estimate(Struct, frozen=True):
    """The mean of the block medians and the ends of its confidence interval."""

    mean: float
    low: float
    high: float
    p_value: float
    """How likely a mean this far from 0 is by chance."""


class Level(Struct, frozen=True):
    """The mean of the block medians, its standard error, and the degrees of freedom of that."""

    mean: float
    error: float
    freedom: int


def block_medians(values: Sequence[float]) -> list[float]:
    """In the order given: 6 blocks for few values, 8 for many, 24 for a day of them."""
    size = len(values)
    blocks = 6 if size < 120 else 8 if size < 1000 else 24
    return [median(values[size * block // blocks : size * (block + 1) // blocks]) for block in range(blocks)]


def estimate(values: Sequence[float]) -> Estimate:
    """Of at least 6 values, oldest first."""
    return around(level(values))


def level(values: Sequence[float]) -> Level:
    medians = block_medians(values)
    error = stdev(medians) / sqrt(len(medians)) * _widening(values, len(medians))
    return Level(fmean(medians), error, len(medians) - 1)


def rise(before: Level, now: Level) -> Level:
    """From one level to the other; the degrees of freedom are Welch's, rounded down."""
    parts = [(one.error**2, one.freedom) for one in (before, now)]
    variance = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts)
    freedom = int(variance**2 / spread) if spread else min(one.freedom for one in (before, now))
    return Level(now.mean - before.mean, sqrt(variance), freedom)


def around(found: Level) -> Estimate:
    reach = quantile(CONFIDENCE, found.freedom) * found.error
    t = found.mean / found.error if found.error else copysign(inf, found.mean) if found.mean else 0.0
    return Estimate(found.mean, found.mean - reach, found.mean + reach, two_sided(t, found.freedom))


def _widening(values: Sequence[float], blocks: int) -> float:
    """How many times larger the error of the mean is than blocks tell that resemble each other.

    The memory of a short row looks smaller than it is, by (1 + 3 memory) / n (Kendall 1954).
    """
    size = len(values)
    seen = memory(without_spikes(values))
    alike = min(seen + (1 + 3 * seen) / size, MOST_ALIKE)
    within, whole = _variance(alike, size / blocks), _variance(alike, size)
    return sqrt(max(1.0, whole * (blocks - 1) / (within - whole)))


def _variance(alike: float, size: float) -> float:
    """Of the mean of so many values of an autoregressive process whose own variance is 1."""
    fading = 2 * alike * (1 - float(alike**size)) / (size * (1 - alike))
    return (1 + alike - fading) / (size * (1 - alike))
