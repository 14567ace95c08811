"""What each step's time goes into, region by region on one scale."""

from collections.abc import Mapping

from msgspec import Struct

from probe.compare.result import Cell, Comparison, Difference
from probe.hub.pages.figure import Segment, Tick, duration_ticks, segments
from probe.hub.pages.heat import signed
from probe.model.duration import format_duration
from probe.model.timing import Phase


class Bar(Struct, frozen=True):
    region: str
    total: str
    segments: tuple[Segment, ...]
    note: str
    """The phase that takes most of it, `processing 71 %`; that of the difference where there is one, `tls +198 ms`."""
    significant: bool


class StepBars(Struct, frozen=True):
    step: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def step_bars(comparison: Comparison) -> tuple[StepBars, ...]:
    """The steps that have been measured somewhere."""
    steps = [
        (step, [cell for cell in comparison.cells if cell.step == step and cell.phases]) for step in comparison.steps
    ]
    return tuple(_step(step, cells) for step, cells in steps if cells)


def phases_in(comparison: Comparison) -> tuple[Phase, ...]:
    """For the legend."""
    return tuple(phase for phase in Phase if any(phase in cell.phases for cell in comparison.cells))


def _step(step: str, cells: list[Cell]) -> StepBars:
    end_ns = max(sum(cell.phases.values()) for cell in cells)
    return StepBars(step, tuple(_bar(cell, end_ns) for cell in cells), duration_ticks(end_ns, 3))


def _bar(cell: Cell, end_ns: float) -> Bar:
    ordered = {phase: cell.phases[phase] for phase in Phase if phase in cell.phases}
    total = sum(ordered.values())
    difference = cell.difference if cell.difference and cell.difference.significant else None
    return Bar(
        region=cell.region,
        total=format_duration(round(total)),
        segments=segments(ordered, 0, end_ns, _title),
        note=_culprit(difference) if difference else _largest(ordered, total),
        significant=difference is not None,
    )


def _largest(phases: Mapping[Phase, float], total_ns: float) -> str:
    phase = max(phases, key=lambda phase: phases[phase])
    return f"{phase} {round(100 * phases[phase] / total_ns)} %" if total_ns else ""


def _culprit(difference: Difference) -> str:
    towards = 1 if difference.shift_ns > 0 else -1
    part = max(difference.contributions, key=lambda part: towards * part.shift_ns)
    return f"{part.phase} {signed(part.shift_ns)}"


def _title(phase: Phase, start_ns: float, end_ns: float, total_ns: float) -> str:
    return f"{phase} {format_duration(round(end_ns - start_ns))}, {round(100 * (end_ns - start_ns) / total_ns)} %"
