"""Which phase a difference is made of. Phase medians add up to nothing; means over the same trimmed runs do."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import fsum
from statistics import fmean
from typing import TypeVar

from probe.compare.pairs import Pair
from probe.compare.result import Contribution, StepSample
from probe.model.timing import Phase

CUT = 0.1
"""The share that is dropped at either end."""

_T = TypeVar("_T")


def attribute(pairs: Sequence[Pair]) -> tuple[float, tuple[Contribution, ...]]:
    """The mean difference of the middle pairs by difference, and each phase's part of it, the largest first.

    Every phase is averaged over the same pairs, so that the parts add up to the mean. A phase that was not reached
    counts as 0; what the phases leave over, as they do in browser steps, is `other`.
    """
    kept = _middle(pairs, lambda pair: pair.shift_ns)
    trimmed = fsum(pair.shift_ns for pair in kept) / len(kept)
    others = [run for pair in kept for run in pair.others]  # as many of each slot
    return trimmed, _parts(trimmed, [pair.own for pair in kept], others)


def attribute_rise(before: Sequence[StepSample], now: Sequence[StepSample]) -> tuple[float, tuple[Contribution, ...]]:
    """The same from the middle runs before by duration to those now."""
    then, these = (_middle(runs, lambda run: run.duration_ns) for runs in (before, now))
    trimmed = fmean(run.duration_ns for run in these) - fmean(run.duration_ns for run in then)
    return trimmed, _parts(trimmed, these, then)


def typical_phases(runs: Sequence[StepSample]) -> dict[Phase, float]:
    """The mean of each phase over the middle runs by duration; a phase that was not reached counts as 0."""
    return _mean_phases(_middle(runs, lambda run: run.duration_ns))


def _parts(trimmed_ns: float, own: Sequence[StepSample], others: Sequence[StepSample]) -> tuple[Contribution, ...]:
    mine, theirs = _mean_phases(own), _mean_phases(others)
    parts = {
        phase: mine.get(phase, 0.0) - theirs.get(phase, 0.0) for phase in Phase if phase in mine or phase in theirs
    }
    parts[Phase.OTHER] = trimmed_ns - fsum(part for phase, part in parts.items() if phase is not Phase.OTHER)
    ordered = sorted(parts.items(), key=lambda item: -abs(item[1]))
    return tuple(Contribution(phase, part) for phase, part in ordered)


def _middle(items: Sequence[_T], size: Callable[[_T], float]) -> list[_T]:
    dropped = int(len(items) * CUT)
    return sorted(items, key=size)[dropped : len(items) - dropped]


def _mean_phases(runs: Sequence[StepSample]) -> dict[Phase, float]:
    sums: defaultdict[Phase, int] = defaultdict(int)
    for run in runs:
        for phase, nanoseconds in run.phases.items():
            sums[phase] += nanoseconds
    return {phase: sums[phase] / len(runs) for phase in Phase if phase in sums}
