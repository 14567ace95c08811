"""How a comparison speaks: names of steps between asterisks, instants in UTC."""

from collections.abc import Sequence

from msgspec import Struct

from probe.compare.instants import spell_interval
from probe.compare.pairs import LEAST_NS
from probe.compare.result import Difference
from probe.model.timing import Phase

MOST_NAMES = 5
ALL = 0.995
OPPOSED = 1.1
"""From that share on, other phases hide part of what one phase makes."""
MAIN = 0.6
"""A phase below that share is not the whole story: a second one of at least `NOTABLE` is told too."""
NOTABLE = 0.2


class Extent(Struct, frozen=True):
    """The regions that something is so in, of so many of which it can be said."""

    regions: tuple[str, ...]
    asked: int
    everywhere: bool


def named(step: str) -> str:
    """As whoever shows the sentence finds it: it is emphasised there."""
    return f"*{step.replace('*', '∗')}*"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`; of many, the first ones and how many more."""
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def spell_peers(peers: Sequence[str], others: int) -> str:
    """`the other 4 regions`, `eu-west-1`, or `4 other regions` when not all of them could be compared with."""
    if len(peers) == 1:
        return peers[0]
    return f"the other {others} regions" if len(peers) == others else f"{len(peers)} other regions"


def slower(region: str, steps: Sequence[str], difference: Difference, peers: str, *, now_ns: int) -> str:
    """Which region, which step, by how much, how sure, which phase, since when.

    Several steps are slower for one reason; `difference` is that of the first.
    """
    size = _size(difference)
    what = f"{size} slower than {peers} on {named(steps[0])}"
    if len(steps) > 1:
        what = f"slower than {peers} on {len(steps)} steps, most on {named(steps[0])}: {size}"
    parts = [f"{region} is {what}", *_reasons(difference, now_ns)]
    return f"{'; '.join(part for part in parts if part)}{_early(difference)}."


def slower_than_before(steps: Sequence[str], rise: Difference, extent: Extent, *, now_ns: int) -> str:
    """The same of steps that are slower than they were themselves: `rise` is that of the first, of all regions."""
    where = "everywhere" if extent.everywhere else f"than before in {listed(extent.regions)}"
    count = f" in {extent.asked} of {extent.asked} regions" if extent.everywhere else ""
    size = f"{spell_ns(rise.shift_ns, signed=True)} ({spell_share(rise.share, signed=True)}){count}"
    since = f" since {spell_interval(rise.onset.after_ns, rise.onset.before_ns, now_ns)}" if rise.onset else ""
    what = f"{named(steps[0])} is slower {where}: {size}{since}"
    if len(steps) > 1:
        what = f"{len(steps)} steps are slower {where}, most {named(steps[0])}: {size}{since}"
    return f"{'; '.join(part for part in (what, _phases(rise)) if part)}{_early(rise)}."


def usual(region: str, steps: Sequence[str], difference: Difference) -> str:
    """A region's distance from the others in a few words, such as `eu-west-1 +60 ms (tls) on *pay*`."""
    where = f"on {named(steps[0])}" if len(steps) == 1 else f"on {len(steps)} steps"
    return f"{region} {spell_ns(difference.shift_ns, signed=True)} ({_name(main_phase(difference))}) {where}"


def main_phase(difference: Difference) -> Phase:
    """The one to look at: what makes most of the difference, or what grew when there was one before."""
    onset = difference.onset
    if onset is not None and onset.grown is not None and onset.was_ns >= LEAST_NS:
        return onset.grown.phase
    return max(difference.contributions, key=lambda part: part.shift_ns).phase


def spell_ns(nanoseconds: float, *, signed: bool = False) -> str:
    """Whole milliseconds; from a second on, seconds."""
    plus = "+" if signed and nanoseconds >= 0 else ""
    return f"{plus}{_number(nanoseconds, nanoseconds)} {_unit(nanoseconds)}"


def spell_share(share: float, *, signed: bool = False) -> str:
    return f"{'+' if signed and share >= 0 else ''}{round(100 * share)} %"


def _size(difference: Difference) -> str:
    low, high = (_number(end, difference.shift_ns) for end in (difference.low_ns, difference.high_ns))
    return f"{spell_ns(difference.shift_ns)} (95 % CI {low}–{high}, {spell_share(difference.share, signed=True)})"


def _number(nanoseconds: float, beside: float) -> str:
    return f"{nanoseconds / 1e9:.2f}" if _unit(beside) == "s" else f"{round(nanoseconds / 1e6)}"


def _unit(nanoseconds: float) -> str:
    return "s" if abs(nanoseconds) >= 999.5e6 else "ms"


def _early(difference: Difference) -> str:
    return f" (early: {counted(difference.pairs, 'slot')})" if difference.early else ""


def _phases(difference: Difference) -> str:
    """Whose doing it is; nothing when the trimmed pairs do not agree that it is slower."""
    parts = sorted(difference.contributions, key=lambda part: -part.shift_ns)
    if difference.trimmed_ns <= 0:
        return ""
    (phase, share), *others = [(_name(part.phase), part.shift_ns / difference.trimmed_ns) for part in parts]
    if share > OPPOSED:
        return (
            f"{phase} is {spell_ns(parts[0].shift_ns)} slower, {others[-1][0]} {spell_ns(-parts[-1].shift_ns)} faster"
        )
    if share >= ALL:
        return f"all of it is {phase}"
    second = f", {spell_share(others[0][1])} {others[0][0]}" if share < MAIN and others[0][1] >= NOTABLE else ""
    return f"{spell_share(share)} of it is {phase}{second}"


def _name(phase: Phase) -> str:
    return "other (the agent's own time)" if phase is Phase.OTHER else phase


def _reasons(difference: Difference, now_ns: int) -> list[str]:
    """Which phase, since when. When there was a difference before, what grew is the news, not what it is made of."""
    onset = difference.onset
    if onset is None:
        return [_phases(difference)]
    since = f"since {spell_interval(onset.after_ns, onset.before_ns, now_ns)}"
    if onset.was_ns < LEAST_NS or onset.grown is None:
        return [_phases(difference), since]
    grown = f"{_name(onset.grown.phase)} grew by {spell_ns(onset.grown.shift_ns)}"
    return [f"{since}, {spell_ns(onset.was_ns)} before that: {grown}"]
