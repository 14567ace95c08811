"""A journey in all regions: is it the shop, which step, which phase, where, since when."""

from collections.abc import Sequence

from msgspec import Struct

from probe.compare.result import RegionSummary
from probe.hub.facts import RunLine
from probe.hub.pages.bars import StepBars, phases_in, step_bars
from probe.hub.pages.grid import availability, worst
from probe.hub.pages.heat import HeatRow, heat_rows
from probe.hub.pages.known import JourneyKnown
from probe.hub.pages.moment import Moment, moment
from probe.hub.pages.paths import run_path
from probe.hub.pages.problems import finding_sign
from probe.hub.pages.sign import REGION_SIGNS, Sign, run_sign
from probe.hub.pages.slots import LedgerRow, MissingRow, ledger_rows, missing_rows
from probe.hub.pages.trend import Trends, trends
from probe.hub.pages.window import Span
from probe.model.duration import format_duration
from probe.model.timing import Phase

SHOWN = 20


class RegionColumn(Struct, frozen=True):
    region: str
    sign: Sign
    why: str
    availability: str
    median: str
    p95: str
    counts: str
    heard: Moment | None


class RunRow(Struct, frozen=True):
    path: str
    sign: Sign
    at: Moment
    region: str
    duration: str
    trigger: str
    where: str
    """What did not pass: `pay: HTTP 500`."""
    suspect: bool


class Journey(Struct, frozen=True):
    env: str
    journey: str
    sign: Sign
    headline: str
    findings: tuple[tuple[Sign, str], ...]
    left_out: int
    regions: tuple[RegionColumn, ...]
    heat: tuple[HeatRow, ...]
    phases: tuple[Phase, ...]
    bars: tuple[StepBars, ...]
    trends: Trends
    ledger: tuple[LedgerRow, ...]
    missing: tuple[MissingRow, ...]
    bad: tuple[RunRow, ...]
    """The latest runs that did not pass."""
    runs: tuple[RunRow, ...]


def journey_view(known: JourneyKnown, span: Span) -> Journey:
    comparison, now_ns = known.comparison, span.until_ns
    rows = [_run_row(line, now_ns) for line in known.lines]
    columns = tuple(_column(summary, now_ns) for summary in comparison.regions)
    findings = tuple((finding_sign(finding), finding.sentence) for finding in comparison.findings)
    return Journey(
        env=known.env,
        journey=known.journey,
        sign=worst([*(column.sign for column in columns), *(sign for sign, _ in findings if sign.tone == "warning")]),
        headline=comparison.headline,
        findings=findings,
        left_out=comparison.left_out,
        regions=columns,
        heat=heat_rows(comparison),
        phases=phases_in(comparison),
        bars=step_bars(comparison),
        trends=trends(known.regions, comparison, span, _paths(known.lines)),
        ledger=ledger_rows(known.ledger),
        missing=missing_rows(known.missing, now_ns)[:SHOWN],
        bad=tuple(row for row in rows if row.sign.tone != "passed")[:SHOWN],
        runs=tuple(rows[:SHOWN]),
    )


def _column(summary: RegionSummary, now_ns: int) -> RegionColumn:
    counts = {name: getattr(summary, name) for name in ("passed", "failed", "errored", "suspect")}
    median, p95 = ("–" if ns is None else format_duration(round(ns)) for ns in (summary.median_ns, summary.p95_ns))
    return RegionColumn(
        region=summary.region,
        sign=REGION_SIGNS[summary.verdict],
        why=summary.why,
        availability=availability(summary.passed, summary.failed),
        median=median,
        p95=p95,
        counts=", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no runs",
        heard=moment(summary.heard_ns, now_ns) if summary.heard_ns is not None else None,
    )


def _paths(lines: Sequence[RunLine]) -> dict[tuple[str, int], str]:
    return {(line.region, line.at_ns): run_path(line.run_id) for line in lines}


def _run_row(line: RunLine, now_ns: int) -> RunRow:
    reason = line.reason or line.cause
    where = f"{line.failed_step}: {reason}" if line.failed_step else reason
    return RunRow(
        path=run_path(line.run_id),
        sign=run_sign(line.verdict),
        at=moment(line.at_ns, now_ns),
        region=line.region,
        duration=format_duration(line.duration_ns),
        trigger=line.trigger,
        where=where,
        suspect=line.suspect,
    )
