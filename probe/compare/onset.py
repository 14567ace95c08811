"""Since when: the latest lasting change in a row of differences.

Shao & Zhang (2010), doi:10.1198/jasa.2010.tm10103: a CUSUM that is measured by its own partial sums. It needs no
estimate of the noise, so runs that resemble their neighbours do not pass for a change, and it takes one pass.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import inf
from statistics import fmean, median

from msgspec import Struct

from probe.compare.calm import memory, without_spikes

BEFORE = 10
"""The fewest values before a change."""
AFTER = 20
"""The fewest values since a change: on fewer, nothing could be said of the level since."""
CERTAIN = 84.6
"""The statistic's 99.5th percentile where nothing changes (table 1 there)."""
PROVED = 30.0
"""How much better, in units of the noise, two levels must explain the values than one; at the n-th look n times that.

Many rows are looked at, and most several times, at ever fewer values, of which the noise is ever less well known. A
certain change this clear is seen in about 0.2 % of rows without one (60 values, neighbours alike by 0.5; simulated).
"""
PLACED = 7.7
"""How much worse, in units of the noise, another place of the change may explain the values to remain possible."""


class Change(Struct, frozen=True):
    """From `index` on the values are of another level. The first of them is one of `first` to `last`."""

    index: int
    first: int
    last: int
    was: float
    """The median before it."""
    start: int = 0
    """From where on the values before it were looked at: they are of one level."""


def latest_change(values: Sequence[float], least: float) -> Change | None:
    """None when no change is certain, when it is of less than `least`, or when it is too recent to tell."""
    found, start, looks = None, 0, 0
    while len(values) - start >= BEFORE + AFTER:
        looks += 1
        change = _change(values[start:], least, PROVED * looks)
        if change is not None:
            found = Change(start + change.index, start + change.first, start + change.last, change.was, start)
        start = found.index if change and found else (start + len(values)) // 2  # one change may hide another
    return found


def _change(values: Sequence[float], least: float, proved: float) -> Change | None:
    """What is quickly ruled out is ruled out first."""
    places = range(BEFORE, len(values) - AFTER + 1)
    calm = without_spikes(values)
    gains = _gains(calm)
    index = max(places, key=gains.__getitem__)
    was, now = median(values[:index]), median(values[index:])
    if abs(now - was) < least:
        return None
    noise = _noise(calm, index)
    if gains[index] < proved * noise or max(_statistics(calm)[places.start : places.stop]) <= CERTAIN:
        return None
    worst = gains[index] - PLACED * noise
    possible = [place for place, gain in enumerate(gains) if gain >= worst and 0 < place < len(values)]
    return Change(index, possible[0], possible[-1], was)


def _statistics(values: Sequence[float]) -> list[float]:
    """The square of each partial sum, in units of how the partial sums wander before and after it."""
    size = len(values)
    sums = list(accumulate(values, initial=0.0))
    before, after = _wanderings(values), _wanderings(values[::-1])
    return [
        total**2 * size / wandered if (wandered := before[place] + after[size - place]) > 0 else inf if total else 0.0
        for place, total in enumerate(sums)
    ]


def _wanderings(values: Sequence[float]) -> list[float]:
    """For each n, how far the partial sums of the first n values stray from a straight line to the n-th, squared."""
    strayed, squares, products, steps, total = [0.0], 0.0, 0.0, 0.0, 0.0
    for place, value in enumerate(values, 1):
        total += value
        squares += total**2
        products += place * total
        steps += place**2
        slope = total / place
        strayed.append(max(0.0, squares - 2 * slope * products + slope**2 * steps))
    return strayed


def _gains(values: Sequence[float]) -> list[float]:
    """How much better two levels that part at a place explain the values than one does, squared."""
    size = len(values)
    sums = list(accumulate(values, initial=0.0))
    return [0.0, *(sums[place] ** 2 * size / (place * (size - place)) for place in range(1, size)), 0.0]


def _noise(values: Sequence[float], index: int) -> float:
    """The long-run variance around the two levels, as of an autoregressive process of first order."""
    left, right = fmean(values[:index]), fmean(values[index:])
    rest = [value - (left if place < index else right) for place, value in enumerate(values)]
    alike = memory(rest)
    return fmean(value**2 for value in rest) * (1 + alike) / (1 - alike)
