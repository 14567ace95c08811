"""A Comparison for a person at a terminal: the verdict, what to know, then regions and steps beside each other."""

from collections.abc import Iterator
from typing import Any

from probe.compare.instants import spell_instant, spell_interval
from probe.compare.result import Cell, Comparison, Difference, RegionSummary, RegionVerdict
from probe.compare.sentence import counted, main_phase, spell_ns, spell_share
from probe.export.console import View, phase_bar, phase_legend
from probe.export.text import NAMED, cells, cut, padded, quoted, wrapped
from probe.model.duration import format_duration
from probe.model.timing import Phase

_MARKS = {
    RegionVerdict.UP: "✓",
    RegionVerdict.DOWN: "✗",
    RegionVerdict.AGENT: "!",
    RegionVerdict.SILENT: "–",
    RegionVerdict.UNKNOWN: "?",
}
_COLOURS = {
    RegionVerdict.UP: "green",
    RegionVerdict.DOWN: "red",
    RegionVerdict.AGENT: "magenta",
    RegionVerdict.SILENT: "yellow",
    RegionVerdict.UNKNOWN: "bright_black",
}
_WORST = (RegionVerdict.DOWN, RegionVerdict.AGENT, RegionVerdict.SILENT, RegionVerdict.UNKNOWN)
_SLOWER = "▲"
_NAME = 24
_BAR = 20
_BESIDE = 31
_ROOMY = 80
"""Columns; with fewer there are no bars, and not all figures."""


def comparison_lines(comparison: Comparison, view: View) -> Iterator[str]:
    yield from _headline(comparison, view)
    yield view.style(f"  {cut(_facts(comparison), view.width - 2)}", dim=True)
    for finding in comparison.findings:
        first, *rest = wrapped(finding.sentence, view.width - 4)
        yield set_off("\n".join([f"  • {first}", *(f"    {line}" for line in rest)]), view, dim=finding.usual or None)
    if comparison.regions:
        yield ""
        yield from _region_table(comparison, view)
    if comparison.cells:
        yield ""
        yield from _step_table(comparison, view)


def _headline(comparison: Comparison, view: View) -> Iterator[str]:
    mark, colour = _sign(comparison)
    first, *rest = wrapped(comparison.headline, view.width - 2)
    yield set_off("\n".join([f"{mark} {first}", *(f"  {line}" for line in rest)]), view, fg=colour, bold=True)


def set_off(text: str, view: View, **how: Any) -> str:
    """With the names of steps in bold, or underlined where all of it is bold; quoted where nothing can be styled."""
    if not view.colour:
        return quoted(text)
    named = how | ({"underline": True} if how.get("bold") else {"bold": True, "dim": None})
    parts = NAMED.split(text)
    return "".join(view.style(part, **(named if place % 2 else how)) for place, part in enumerate(parts) if part)


def _sign(comparison: Comparison) -> tuple[str, str]:
    """Of the worst there is."""
    verdicts = {region.verdict for region in comparison.regions} or {RegionVerdict.UNKNOWN}
    for verdict in _WORST:
        if verdict in verdicts:
            return _MARKS[verdict], _COLOURS[verdict]
    slower = any(finding.phase and not finding.usual for finding in comparison.findings)
    return (_SLOWER, "yellow") if slower else (_MARKS[RegionVerdict.UP], _COLOURS[RegionVerdict.UP])


def _facts(comparison: Comparison) -> str:
    window = spell_interval(comparison.since_ns, comparison.until_ns, comparison.until_ns)
    runs = counted(sum(region.runs for region in comparison.regions), "run")
    left_out = f" ({comparison.left_out} of them not compared)" if comparison.left_out else ""
    return f"{comparison.journey} · {window} · {runs}{left_out}"


def _region_table(comparison: Comparison, view: View) -> Iterator[str]:
    width = _name_width(comparison, view)
    heads = _row({"runs": "runs", "passed": "passed", "p50": "p50", "p95": "p95"}, view)
    yield view.style(f"  {padded('region', width)}  {'verdict':9}{heads}  last heard", dim=True)
    for region in comparison.regions:
        yield _region_line(region, comparison.until_ns, width, view)
        if region.why and region.verdict is not RegionVerdict.SILENT:
            yield view.style(f"  {' ' * width}  {quoted(cut(region.why, view.width - width - 4))}", dim=True)


def _region_line(region: RegionSummary, now_ns: int, width: int, view: View) -> str:
    passed = spell_share(region.passed / region.runs) if region.runs else "–"
    p50, p95 = _time(region.median_ns), _time(region.p95_ns)
    figures = _row({"runs": str(region.runs), "passed": passed, "p50": p50, "p95": p95}, view)
    heard = spell_instant(region.heard_ns, now_ns) if region.heard_ns is not None else "never"
    verdict = view.style(f"{_MARKS[region.verdict]} {region.verdict:7}", fg=_COLOURS[region.verdict])
    name = padded(cut(region.region, width), width)
    return f"  {name}  {verdict}{figures}  {cut(heard, view.width - width - len(figures) - 15)}"


def _row(figures: dict[str, str], view: View) -> str:
    """As many of the columns as there is room for."""
    shown = figures if view.width >= _ROOMY else {name: figures[name] for name in ("passed", "p50")}
    return "".join(f"{text:>9}" for text in shown.values())


def _step_table(comparison: Comparison, view: View) -> Iterator[str]:
    """The bars are on one scale for all steps and regions."""
    width = _name_width(comparison, view)
    rest = view.width - width - 16
    bar_width = min(_BAR, rest - _BESIDE - 2) if view.width >= _ROOMY else 0
    shown = [_whole(cell) for cell in comparison.cells] if bar_width else []
    scale = max((sum(phases.values()) for phases in shown), default=0)
    phases = f"{padded('phases', bar_width)}  " if bar_width else ""
    yield view.style(f"  {padded('step and region', width + 2)}  {'median':>8}  {phases}beside the others", dim=True)
    for step in comparison.steps:
        yield f"  {view.style(cut(step, view.width - 2), bold=True)}"
        for cell in (cell for cell in comparison.cells if cell.step == step):
            bar = f"{phase_bar(_whole(cell), scale, bar_width, view)}  " if bar_width else ""
            beside = _beside(cell, view, rest - len(phases))
            name = padded(cut(cell.region, width), width)
            yield f"    {name}  {_time(cell.median_ns):>8}  {bar}{beside}".rstrip()
    yield from phase_legend(shown, view)


def _beside(cell: Cell, view: View, width: int) -> str:
    difference = cell.difference
    if cell.rise and cell.rise.significant and not (difference and difference.onset and _is_slower(difference)):
        return view.style(f"{_SLOWER} {_shift(cell.rise)}  than before", fg="yellow", bold=True)
    if difference is None:
        return view.style(cut(cell.note, width), dim=True)
    text = _shift(difference)
    if _is_slower(difference):
        return view.style(f"{_SLOWER} {text}  {main_phase(difference)}", fg="yellow", bold=True)
    return f"  {text}" if difference.significant else view.style(f"  {text}", dim=True)


def _shift(difference: Difference) -> str:
    return f"{spell_ns(difference.shift_ns, signed=True):>8}  {spell_share(difference.share, signed=True):>6}"


def _is_slower(difference: Difference) -> bool:
    return difference.significant and difference.shift_ns > 0


def _whole(cell: Cell) -> dict[Phase, int]:
    return {phase: round(nanoseconds) for phase, nanoseconds in cell.phases.items()}


def _time(nanoseconds: float | None) -> str:
    return "–" if nanoseconds is None else format_duration(round(nanoseconds))


def _name_width(comparison: Comparison, view: View) -> int:
    most = min(_NAME, view.width // 4)
    return max(6, *(cells(cut(region.region, most)) for region in comparison.regions))
