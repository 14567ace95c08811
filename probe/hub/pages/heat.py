"""Steps × regions: the median of each, and how it differs from the other regions."""

from msgspec import Struct

from probe.compare.result import Cell, Comparison, Difference
from probe.model.duration import format_duration


class Interval(Struct, frozen=True):
    """The 95 % confidence interval on its row's scale, in per cent: 50 is no difference at all."""

    low: float
    shift: float
    high: float


class HeatCell(Struct, frozen=True):
    region: str
    median: str
    p95: str
    runs: int
    tone: str = "even"
    """`slow-1` to `slow-3` and `fast-1` to `fast-3` where the difference is significant, `even` where it is not."""
    shift: str = ""
    share: str = ""
    confidence: str = ""
    """The interval in words."""
    interval: Interval | None = None
    note: str = ""


class HeatRow(Struct, frozen=True):
    step: str
    cells: tuple[HeatCell | None, ...]


_STRONG = (0.1, 0.3)
"""Shares of the others' median from which a difference is shown in the second and third strength."""


def heat_rows(comparison: Comparison) -> tuple[HeatRow, ...]:
    cells = {(cell.step, cell.region): cell for cell in comparison.cells}
    regions = [summary.region for summary in comparison.regions]
    return tuple(_heat_row(step, [cells.get((step, region)) for region in regions]) for step in comparison.steps)


def signed(nanoseconds: float) -> str:
    sign = "+" if nanoseconds > 0 else "−" if nanoseconds < 0 else "±"
    return f"{sign}{format_duration(abs(round(nanoseconds)))}"


def _heat_row(step: str, cells: list[Cell | None]) -> HeatRow:
    known = [cell.difference for cell in cells if cell and cell.difference]
    reach = max((max(abs(one.low_ns), abs(one.high_ns)) for one in known), default=0.0)
    return HeatRow(step, tuple(_heat_cell(cell, reach) if cell else None for cell in cells))


def _heat_cell(cell: Cell, reach_ns: float) -> HeatCell:
    median, p95 = (_duration(value) for value in (cell.median_ns, cell.p95_ns))
    shown = HeatCell(cell.region, median, p95, cell.runs, note=cell.note)
    if cell.difference is None:
        return shown
    return _compared(shown, cell.difference, reach_ns)


def _compared(cell: HeatCell, difference: Difference, reach_ns: float) -> HeatCell:
    low, high = signed(difference.low_ns), signed(difference.high_ns)
    early = ", early: few runs" if difference.early else ""
    return HeatCell(
        region=cell.region,
        median=cell.median,
        p95=cell.p95,
        runs=cell.runs,
        tone=_tone(difference),
        shift=signed(difference.shift_ns),
        share=f"{100 * difference.share:+.0f} %".replace("-", "−"),
        confidence=f"95 % CI {low} to {high}, {difference.pairs} pairs{early}",
        interval=Interval(
            *(_place(ns, reach_ns) for ns in (difference.low_ns, difference.shift_ns, difference.high_ns))
        ),
        note=cell.note,
    )


def _tone(difference: Difference) -> str:
    if not difference.significant:
        return "even"
    strength = 1 + sum(abs(difference.share) >= limit for limit in _STRONG)
    return f"{'slow' if difference.shift_ns > 0 else 'fast'}-{strength}"


def _place(nanoseconds: float, reach_ns: float) -> float:
    return round(50 + 50 * nanoseconds / reach_ns, 2) if reach_ns else 50.0


def _duration(nanoseconds: float | None) -> str:
    return "–" if nanoseconds is None else format_duration(round(nanoseconds))
