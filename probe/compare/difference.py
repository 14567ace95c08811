"""How much slower a region is than its peers, as it is now: since the latest change, if there was one."""

from collections.abc import Mapping, Sequence
from statistics import median

from msgspec.structs import replace

from probe.compare.blocks import estimate
from probe.compare.onset import Change, latest_change
from probe.compare.pairs import LEAST_NS, LEAST_SHARE, Pair, Slot, least_ns
from probe.compare.result import Contribution, Difference, Onset
from probe.compare.trimmed import attribute

EARLY = 60


def measure(pairs: Sequence[Pair], at_ns: Mapping[Slot, int]) -> Difference:
    """Of at least 30 pairs, oldest first. Whether it is significant depends on all the others: not yet said."""
    change = latest_change([pair.shift_ns for pair in pairs], least_ns(median(pair.others_ns for pair in pairs)))
    if change is None:
        return _level(pairs)
    since = _level(pairs[change.index :])
    return replace(since, onset=_onset(change, since, pairs, at_ns))


def matters(difference: Difference) -> bool:
    """Whether it is large enough, and its interval leaves 0 out."""
    large = abs(difference.shift_ns) >= LEAST_NS and abs(difference.share) >= LEAST_SHARE
    return large and not difference.low_ns <= 0 <= difference.high_ns


def _level(pairs: Sequence[Pair]) -> Difference:
    found = estimate([pair.shift_ns for pair in pairs])
    trimmed_ns, contributions = attribute(pairs)
    others_ns = median(pair.others_ns for pair in pairs)
    return Difference(
        pairs=len(pairs),
        shift_ns=found.mean,
        low_ns=found.low,
        high_ns=found.high,
        share=found.mean / others_ns if others_ns else 0.0,
        p_value=found.p_value,
        significant=False,
        trimmed_ns=trimmed_ns,
        contributions=contributions,
        early=len(pairs) < EARLY,
    )


def _onset(change: Change, since: Difference, pairs: Sequence[Pair], at_ns: Mapping[Slot, int]) -> Onset | None:
    """None when the difference has only become smaller: it began before that."""
    if (since.shift_ns - change.was) * since.shift_ns <= 0:
        return None
    after, before = (at_ns[pairs[place].slot] for place in (change.first - 1, change.last))
    return Onset(after, before, change.was, _grown(since.contributions, attribute(pairs[: change.index])[1]))


def _grown(now: Sequence[Contribution], before: Sequence[Contribution]) -> Contribution:
    were = {part.phase: part.shift_ns for part in before}
    grown = [Contribution(part.phase, part.shift_ns - were.get(part.phase, 0.0)) for part in now]
    return max(grown, key=lambda part: part.shift_ns)
