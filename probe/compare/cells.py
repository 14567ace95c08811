"""Every region and step beside the other regions."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probe.compare.benjamini_hochberg import certain
from probe.compare.difference import matters, measure
from probe.compare.onset import AFTER, BEFORE
from probe.compare.pairs import Pair, pair_up, peers_of
from probe.compare.past import has_risen, measure_rise
from probe.compare.result import Cell
from probe.compare.summary import middle, percentile_95
from probe.compare.track import Track, shared_slots
from probe.compare.trimmed import typical_phases
from probe.model.duration import format_duration

FEWEST = 30
"""Pairs; fewer make no blocks worth a median."""
FILLED = 0.8
"""Of the slots in which nothing failed; what is missing may be just what was slow."""
FALSE_RATE = 0.05


class Judged(Struct, frozen=True):
    """A cell, the regions it was compared with, and in how many slots it could be."""

    cell: Cell
    peers: tuple[str, ...] = ()
    pairs: int = 0


def judge(tracks: Sequence[Track], steps: Sequence[str]) -> list[Judged]:
    """Region by region, step by step."""
    found = [_judge(own, step, tracks) for own in tracks for step in steps]
    differences = [one.cell.difference for one in found if one.cell.difference is not None]
    sure = iter(certain([difference.p_value for difference in differences], FALSE_RATE))
    return _risen([_decided(one, sure=next(sure)) if one.cell.difference else one for one in found])


def _judge(own: Track, step: str, tracks: Sequence[Track]) -> Judged:
    cell = _cell(own, step)
    others = {track.region: track for track in tracks if track is not own}
    passes = own.passes.get(step, {})
    ran = {region: track.passes[step] for region, track in others.items() if step in track.passes}
    peers = tuple(peers_of(passes, ran))
    if own.strange or not peers:
        return Judged(replace(cell, note=_why_alone(own, step, others)))
    pairs = pair_up(passes, [ran[region] for region in peers])
    slots = shared_slots(own.spans, [others[region].spans for region in peers])
    failed = own.failed(step).union(*(others[region].failed(step) for region in peers))
    note = _why_too_little(pairs, slots - len(failed - {pair.slot for pair in pairs}))
    difference = None if note else measure(pairs, own.at_ns)
    return Judged(replace(cell, difference=difference, note=note), peers, len(pairs))


def _cell(own: Track, step: str) -> Cell:
    runs = list(own.passes.get(step, {}).values())
    durations = [run.duration_ns for run in runs]
    return Cell(
        region=own.region,
        step=step,
        runs=len(runs),
        median_ns=middle(durations),
        p95_ns=percentile_95(durations),
        phases=typical_phases(runs) if runs else {},
        rise=None if own.strange else measure_rise(own.passes.get(step, {}), own.at_ns),
    )


def _why_alone(own: Track, step: str, others: Mapping[str, Track]) -> str:
    if own.strange:
        return "runs another definition"
    if not own.spans:
        return "no runs"
    if not own.at_ns:
        return "all runs are suspect"
    if step not in own.passes:
        return "never passed"
    if not others:
        return "no other region"
    if all(step not in other.passes for other in others.values()):
        return "passed in no other region"
    intervals = {every for other in others.values() for every in other.spans}
    if intervals and not intervals & own.spans.keys():
        return f"every {_spell(own.spans)}, the others every {_spell(intervals)}"
    return "no slot in common with another region"


def _spell(intervals: Mapping[int, object] | set[int]) -> str:
    return " or ".join(format_duration(every) for every in sorted(intervals))


def _why_too_little(pairs: Sequence[Pair], slots: int) -> str:
    if len(pairs) < FEWEST:
        return f"not enough data: {len(pairs)} of {FEWEST} slots"
    if len(pairs) < FILLED * slots:
        return f"not enough data: {len(pairs)} of {slots} slots filled"
    return ""


def _decided(judged: Judged, *, sure: bool) -> Judged:
    difference = judged.cell.difference
    assert difference is not None
    decided = replace(difference, significant=sure and matters(difference))
    return replace(judged, cell=replace(judged.cell, difference=decided))


def _risen(found: Sequence[Judged]) -> list[Judged]:
    """Among all that could have become slower, those that did not included."""
    able = [one for one in found if one.cell.runs >= BEFORE + AFTER]
    sure = certain([one.cell.rise.p_value if one.cell.rise else 1.0 for one in able], FALSE_RATE)
    risen = {id(one) for one, certainly in zip(able, sure, strict=True) if certainly}
    return [_rise_decided(one, sure=id(one) in risen) if one.cell.rise else one for one in found]


def _rise_decided(judged: Judged, *, sure: bool) -> Judged:
    rise = judged.cell.rise
    assert rise is not None
    decided = replace(rise, significant=sure and has_risen(rise))
    return replace(judged, cell=replace(judged.cell, rise=decided))
