"""A region's runs over time: durations as points, medians as a line, bad runs as marks, holes as hatched areas."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from statistics import median

from msgspec import Struct

from probe.compare.result import Comparison, Onset, RegionFacts, Sample
from probe.hub.pages.figure import Tick, duration_ticks
from probe.hub.pages.moment import age, clock
from probe.hub.pages.sign import Sign, run_sign
from probe.hub.pages.window import Span
from probe.model.duration import NANOSECONDS, format_duration
from probe.model.result import Verdict

WIDTH = 1000
HEIGHT = 100
"""The size of the figure its paths are drawn in; it is stretched to whatever width there is."""
_HOLE = 2.5
"""So many intervals without a run are a hole."""
_USUAL = 0.98
"""Above this quantile runs are drawn at the upper edge, so that one that took too long does not flatten all others."""


class Area(Struct, frozen=True):
    """A part of the time axis, in per cent of its length."""

    x: float
    width: float
    title: str


class Mark(Struct, frozen=True):
    """A run that did not pass."""

    x: float
    sign: Sign
    title: str
    path: str
    """Its page, where it is known."""


class Trend(Struct, frozen=True):
    region: str
    words: str
    points: str
    suspects: str
    line: str
    marks: tuple[Mark, ...]
    holes: tuple[Area, ...]
    onset: Area | None
    bins: tuple[Area, ...]


class Trends(Struct, frozen=True):
    """All regions on the same two axes."""

    trends: tuple[Trend, ...]
    times: tuple[Tick, ...]
    durations: tuple[Tick, ...]


RunPaths = Mapping[tuple[str, int], str]
"""The page of a run by its region and the instant it began."""


def trends(facts: Sequence[RegionFacts], comparison: Comparison, span: Span, paths: RunPaths) -> Trends:
    end_ns = _scale(facts)
    first_ns = min((run.at_ns for region in facts for run in region.samples), default=span.until_ns)
    onsets = _onsets(comparison)
    drawn = tuple(_trend(region, span, end_ns, first_ns, onsets.get(region.region), paths) for region in facts)
    return Trends(drawn, time_ticks(span), duration_ticks(end_ns, 4))


def time_ticks(span: Span) -> tuple[Tick, ...]:
    """Round clock times within the span, about six."""
    minutes = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440)
    sizes = [count * NANOSECONDS["m"] for count in minutes]
    step = next((size for size in sizes if span.window.length_ns / size <= 6), sizes[-1])
    first = -(-span.since_ns // step)
    with_day = step >= NANOSECONDS["d"]
    return tuple(
        Tick(span.percent(at * step), clock(at * step, with_day=with_day))
        for at in range(first, span.until_ns // step + 1)
    )


def _scale(facts: Sequence[RegionFacts]) -> float:
    passed = sorted(run.duration_ns for region in facts for run in region.samples if run.verdict == Verdict.PASSED)
    return passed[int(_USUAL * (len(passed) - 1))] * 1.15 if passed else float(NANOSECONDS["s"])


def _onsets(comparison: Comparison) -> dict[str, Onset]:
    """When each region became slower, than the others or than it was: on the step where it is so most."""
    known = [
        (cell.region, one.shift_ns, one.onset)
        for cell in comparison.cells
        for one in (cell.difference, cell.rise)
        if one and one.significant and one.onset and one.shift_ns > 0
    ]
    return {region: onset for region, _, onset in sorted(known, key=lambda one: one[1])}


def _trend(
    region: RegionFacts, span: Span, end_ns: float, first_ns: int, onset: Onset | None, paths: RunPaths
) -> Trend:
    runs = [run for run in region.samples if run.at_ns >= span.since_ns]
    passed = [run for run in runs if run.verdict == Verdict.PASSED]
    bins = [(at, list(group)) for at, group in groupby(runs, key=lambda run: run.at_ns // span.window.bin_ns)]
    return Trend(
        region=region.region,
        words=_words(runs, span),
        points="".join(_point(run, span, end_ns) for run in passed if not run.suspect),
        suspects="".join(_point(run, span, end_ns) for run in passed if run.suspect),
        line=_line(bins, span, end_ns),
        marks=tuple(_mark(region.region, run, span, paths) for run in _bad(bins)),
        holes=_holes(runs, span, first_ns),
        onset=_area(onset.after_ns, onset.before_ns, span, "the difference begins in here") if onset else None,
        bins=tuple(_bin(at, group, span) for at, group in bins),
    )


def _x(run: Sample, span: Span) -> float:
    return round(WIDTH / 100 * span.percent(run.at_ns), 1)


def _y(nanoseconds: float, end_ns: float) -> float:
    return round(HEIGHT * (1 - min(1.0, nanoseconds / end_ns)), 1)


def _point(run: Sample, span: Span, end_ns: float) -> str:
    """A line of no length: its round ends make it a point."""
    return f"M{_x(run, span):g} {_y(run.duration_ns, end_ns):g}h0"


def _line(bins: Sequence[tuple[int, list[Sample]]], span: Span, end_ns: float) -> str:
    """Through the medians of the bins; it breaks where a hole is."""
    path, before = "", 0
    for _, runs in bins:
        used = [run for run in runs if run.verdict == Verdict.PASSED and not run.suspect]
        if used:
            y = _y(median(run.duration_ns for run in used), end_ns)
            x = median(_x(run, span) for run in used)
            joined = path and used[0].at_ns - before <= max(_HOLE * used[0].every_ns, 2 * span.window.bin_ns)
            path += f"{'L' if joined else 'M'}{x:g} {y:g}"
            before = used[-1].at_ns
    return path


def _bad(bins: Sequence[tuple[int, list[Sample]]]) -> list[Sample]:
    """The latest run that did not pass, of each verdict in each bin: more would lie upon each other."""
    latest = [{run.verdict: run for run in runs if run.verdict != Verdict.PASSED} for _, runs in bins]
    return [run for by_verdict in latest for run in by_verdict.values()]


def _mark(region: str, run: Sample, span: Span, paths: RunPaths) -> Mark:
    reason, took = run.reason or run.cause or "no cause", format_duration(run.duration_ns)
    title = f"{clock(run.at_ns)} {run.verdict} ({reason}) after {took}"
    return Mark(span.percent(run.at_ns), run_sign(run.verdict), title, paths.get((region, run.at_ns), ""))


def _holes(runs: Sequence[Sample], span: Span, first_ns: int) -> tuple[Area, ...]:
    """Where runs should have been since the first run of any region."""
    if not runs:
        return (_hole(first_ns, span.until_ns, span),) if first_ns < span.until_ns else ()
    edges = [first_ns, *(run.at_ns for run in runs), span.until_ns]
    every = [runs[0].every_ns, *(run.every_ns for run in runs)]
    return tuple(
        _hole(start, end, span)
        for (start, end), every_ns in zip(pairwise(edges), every, strict=True)
        if end - start > _HOLE * every_ns
    )


def _hole(start_ns: int, end_ns: int, span: Span) -> Area:
    return _area(start_ns, end_ns, span, f"no runs for {age(end_ns - start_ns)}")


def _area(start_ns: int, end_ns: int, span: Span, what: str) -> Area:
    start, end = span.percent(start_ns), span.percent(end_ns)
    return Area(start, round(end - start, 3), f"{clock(start_ns)}–{clock(end_ns)}: {what}")


def _bin(at: int, runs: Sequence[Sample], span: Span) -> Area:
    start_ns = at * span.window.bin_ns
    passed = [run.duration_ns for run in runs if run.verdict == Verdict.PASSED]
    words = [f"median {format_duration(round(median(passed)))} of {len(passed)}"] if passed else []
    bad = len(runs) - len(passed)
    words += [f"{bad} did not pass"] if bad else []
    return _area(start_ns, start_ns + span.window.bin_ns, span, ", ".join(words))


def _words(runs: Sequence[Sample], span: Span) -> str:
    passed = sum(run.verdict == Verdict.PASSED for run in runs)
    return f"{len(runs)} runs in the last {span.window.words}, {passed} of them passed"
