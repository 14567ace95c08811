"""How much slower a region is than it was itself: what all regions have in common is seen in no other way.

The runs since the latest change, beside those of the level before it. A region without a change is as it was.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct

from probe.compare.blocks import around, level, rise
from probe.compare.difference import EARLY
from probe.compare.onset import Change, latest_change
from probe.compare.pairs import LEAST_NS, Passes, Slot
from probe.compare.result import Difference, Onset
from probe.compare.trimmed import attribute_rise

LEAST_SHARE = 0.2
"""Twice that of a difference between regions: a shop's load moves its times within a day, everywhere alike."""
LEAST_RUNS = 6
"""Before and after an instant that others name."""


class _Parted(Struct, frozen=True):
    """Runs `start` to `end` are of the level before; those from `now` on of the present one."""

    start: int
    end: int
    now: int


def measure_rise(passes: Passes, at_ns: Mapping[Slot, int]) -> Difference | None:
    """None when nothing became slower that is so still. Whether it is significant depends on all the others."""
    found = _latest_rise([float(run.duration_ns) for run in passes.values()])
    if found is None:
        return None
    change, now = found
    slots = list(passes)
    after_ns, before_ns = (at_ns[slots[place]] for place in (change.first - 1, change.last))
    return _measured(passes, _Parted(change.start, change.index, now), Onset(after_ns, before_ns))


def measure_since(passes: Passes, at_ns: Mapping[Slot, int], onset: Onset) -> Difference | None:
    """Since a change that others have seen; None with too few runs on either side to say."""
    before = sum(at_ns[slot] <= onset.after_ns for slot in passes)
    since = sum(at_ns[slot] >= onset.before_ns for slot in passes)
    if min(before, since) < LEAST_RUNS:
        return None
    return _measured(passes, _Parted(0, before, len(passes) - since), onset)


def has_risen(rise: Difference) -> bool:
    """Whether it is large enough to matter, and its interval leaves 0 out."""
    return rise.shift_ns >= LEAST_NS and rise.share >= LEAST_SHARE and rise.low_ns > 0


def _latest_rise(values: Sequence[float]) -> tuple[Change, int] | None:
    """The latest change above whose earlier level the values still are, and from where on they are as they are now.

    Of several they may be another's: one that took back a part of it came since.
    """
    if not values:
        return None
    least = max(LEAST_NS, LEAST_SHARE * median(values))
    change = latest_change(values, least)
    now = change.index if change else 0
    is_now = median(values[now:])
    while change is not None and is_now - change.was < least:
        change = latest_change(values[: change.index], least)
    return (change, now) if change else None


def _measured(passes: Passes, parted: _Parted, onset: Onset) -> Difference:
    runs = list(passes.values())
    before, now = runs[parted.start : parted.end], runs[parted.now :]
    was, is_now = (level([float(run.duration_ns) for run in part]) for part in (before, now))
    found = around(rise(was, is_now))
    trimmed_ns, contributions = attribute_rise(before, now)
    return Difference(
        pairs=len(now),
        shift_ns=found.mean,
        low_ns=found.low,
        high_ns=found.high,
        share=found.mean / was.mean if was.mean else 0.0,
        p_value=found.p_value,
        significant=False,
        trimmed_ns=trimmed_ns,
        contributions=contributions,
        onset=onset,
        early=len(now) < EARLY,
    )
