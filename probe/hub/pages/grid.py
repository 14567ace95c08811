"""Regions × journeys of one environment, at a glance."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from probe.compare.result import RegionFacts, RegionSummary, RegionVerdict
from probe.hub.facts import SeriesFacts
from probe.hub.ledger import LedgerLine
from probe.hub.pages.known import JourneyKnown
from probe.hub.pages.moment import Moment, moment
from probe.hub.pages.paths import journey_path, run_path
from probe.hub.pages.sign import NOTHING, REGION_SIGNS, Sign, run_sign
from probe.hub.pages.ticks import Ticks, ticks
from probe.hub.pages.window import Window
from probe.model.duration import format_duration


class Cell(Struct, frozen=True):
    region: str
    sign: Sign
    why: str
    availability: str
    latency: str
    """Median and 95th percentile."""
    counts: str
    last: Moment | None
    last_path: str
    ticks: Ticks
    unaccounted: int


class Row(Struct, frozen=True):
    journey: str
    path: str
    sign: Sign
    """The worst of its regions."""
    cells: tuple[Cell | None, ...]
    """One for each of the grid's regions, in their order."""


class Grid(Struct, frozen=True):
    env: str
    regions: tuple[str, ...]
    rows: tuple[Row, ...]


_WORST_FIRST = ("failed", "errored", "silent", "warning", "quiet", "passed")


def grid(env: str, journeys: Sequence[JourneyKnown], window: Window, now_ns: int) -> Grid:
    regions = tuple(sorted({summary.region for facts in journeys for summary in facts.comparison.regions}))
    return Grid(env, regions, tuple(_row(facts, regions, window, now_ns) for facts in journeys))


def availability(passed: int, failed: int) -> str:
    """The share of passed runs among those that say something of the target, rounded down: 100 % means all of them."""
    if not passed + failed:
        return "–"
    tenths = 1000 * passed // (passed + failed)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10:.1f} %"


def worst(signs: Sequence[Sign]) -> Sign:
    return min(signs, key=lambda sign: _WORST_FIRST.index(sign.tone), default=NOTHING)


def _row(facts: JourneyKnown, regions: Sequence[str], window: Window, now_ns: int) -> Row:
    summaries = {summary.region: summary for summary in facts.comparison.regions}
    series = {one.region: one for one in facts.series}
    known = {region.region: region for region in facts.regions}
    unaccounted = _unaccounted(facts.ledger)
    cells = tuple(
        _cell(summaries[name], known.get(name), series.get(name), unaccounted.get(name, 0), now_ns)
        if name in summaries
        else None
        for name in regions
    )
    path = journey_path(facts.env, facts.journey, window)
    return Row(facts.journey, path, worst([cell.sign for cell in cells if cell]), cells)


def _cell(
    summary: RegionSummary, region: RegionFacts | None, series: SeriesFacts | None, unaccounted: int, now_ns: int
) -> Cell:
    last = series.last if series else None
    return Cell(
        region=summary.region,
        sign=_sign(summary, series),
        why=summary.why,
        availability=availability(series.passed, series.failed) if series else "–",
        latency=_latency(series),
        counts=_counts(series),
        last=moment(last.at_ns, now_ns) if last else None,
        last_path=run_path(last.run_id) if last else "",
        ticks=ticks(region.samples if region else ()),
        unaccounted=unaccounted,
    )


def _unaccounted(ledger: Sequence[LedgerLine]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in ledger:
        counts[line.region] = counts.get(line.region, 0) + line.held.unaccounted
    return counts


def _sign(summary: RegionSummary, series: SeriesFacts | None) -> Sign:
    """The region's verdict where there is one to act on; else the latest run's."""
    if series is None or series.last is None or not (summary.runs or summary.heard_ns):
        return NOTHING
    if summary.verdict is not RegionVerdict.UP:
        return REGION_SIGNS[summary.verdict]
    return run_sign(series.last.verdict)


def _latency(series: SeriesFacts | None) -> str:
    if series is None or series.p50_ns is None or series.p95_ns is None:
        return ""
    return f"{format_duration(series.p50_ns)} · {format_duration(series.p95_ns)}"


def _counts(series: SeriesFacts | None) -> str:
    if series is None:
        return ""
    counts: Mapping[str, int] = {name: getattr(series, name) for name in ("passed", "failed", "errored", "suspect")}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
