"""Which steps have become slower than they were, in every region or in some: as few things as a person can take in."""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from msgspec import Struct
from msgspec.structs import replace

from probe.compare.cells import Judged
from probe.compare.past import has_risen, measure_since
from probe.compare.result import Contribution, Difference, Finding, Onset
from probe.compare.sentence import Extent, main_phase, slower_than_before
from probe.compare.track import Track
from probe.model.timing import Phase


class Risen(Struct, frozen=True):
    """Steps that became slower in the same regions for the same phase, the one that did most so first."""

    regions: tuple[str, ...]
    asked: int
    """Regions of which it can be said."""
    steps: tuple[str, ...]
    phase: Phase
    difference: Difference
    """Of the first step, on average over the regions."""

    @property
    def everywhere(self) -> bool:
        return len(self.regions) == self.asked > 1


def risen_steps(judged: Sequence[Judged], tracks: Sequence[Track], regions: Collection[str]) -> list[Risen]:
    """In the given regions; what is so everywhere first, then the largest.

    What a region has beyond the others is told as their difference, and not again.
    """
    asked = [track for track in tracks if track.region in regions and not track.strange]
    steps = dict.fromkeys(one.cell.step for one in judged)
    found = [one for step in steps if (one := _risen(step, [j for j in judged if j.cell.step == step], asked))]
    folded: dict[tuple[tuple[str, ...], Phase], list[Risen]] = {}
    for one in found:
        folded.setdefault((one.regions, one.phase), []).append(one)
    return sorted(map(_fold, folded.values()), key=lambda one: (not one.everywhere, -one.difference.shift_ns))


def risen_finding(risen: Risen, *, now_ns: int) -> Finding:
    extent = Extent(risen.regions, risen.asked, everywhere=risen.everywhere)
    sentence = slower_than_before(risen.steps, risen.difference, extent, now_ns=now_ns)
    region = risen.regions[0] if len(risen.regions) == 1 else ""
    return Finding(sentence, region, risen.steps[0], risen.phase, early=risen.difference.early)


def _risen(step: str, cells: Sequence[Judged], tracks: Sequence[Track]) -> Risen | None:
    """Where one region's change is certain, it is looked for in the others too, at that instant."""
    known = {one.cell.region: one.cell.rise for one in cells if one.cell.rise and one.cell.rise.significant}
    rises = {track.region: known[track.region] for track in tracks if track.region in known}
    onsets = [rise.onset for rise in rises.values() if rise.onset]
    if not onsets:
        return None
    onset = _common(onsets)
    seen = {track.region: rises.get(track.region) or _since(track, step, onset) for track in tracks}
    risen = {region: rise for region, rise in seen.items() if rise and has_risen(rise)}
    asked = sum(rise is not None for rise in seen.values())
    if len(risen) < asked:
        told = {one.cell.region for one in cells if _is_told(one)}
        risen = {region: rise for region, rise in risen.items() if region not in told}
    if not risen or not risen.keys() & rises.keys():
        return None
    difference = _average(list(risen.values()), onset)
    return Risen(tuple(risen), asked, (step,), main_phase(difference), difference)


def _since(track: Track, step: str, onset: Onset) -> Difference | None:
    return measure_since(track.passes.get(step, {}), track.at_ns, onset)


def _is_told(one: Judged) -> bool:
    difference = one.cell.difference
    return bool(difference and difference.significant and difference.shift_ns > 0 and difference.onset)


def _common(onsets: Sequence[Onset]) -> Onset:
    """Where the intervals overlap; all of them when they do not."""
    after_ns, before_ns = max(one.after_ns for one in onsets), min(one.before_ns for one in onsets)
    if after_ns < before_ns:
        return Onset(after_ns, before_ns)
    return Onset(min(one.after_ns for one in onsets), max(one.before_ns for one in onsets))


def _average(rises: Sequence[Difference], onset: Onset) -> Difference:
    parts: Mapping[Phase, float] = {
        phase: sum(part.shift_ns for rise in rises for part in rise.contributions if part.phase is phase) / len(rises)
        for phase in Phase
    }
    return replace(
        rises[0],
        pairs=min(rise.pairs for rise in rises),
        shift_ns=fmean(rise.shift_ns for rise in rises),
        low_ns=min(rise.low_ns for rise in rises),
        high_ns=max(rise.high_ns for rise in rises),
        share=fmean(rise.share for rise in rises),
        trimmed_ns=fmean(rise.trimmed_ns for rise in rises),
        contributions=tuple(Contribution(phase, part) for phase, part in parts.items() if part),
        onset=onset,
        early=any(rise.early for rise in rises),
    )


def _fold(those: Sequence[Risen]) -> Risen:
    ordered = sorted(those, key=lambda one: -one.difference.shift_ns)
    return replace(ordered[0], steps=tuple(step for one in ordered for step in one.steps))
