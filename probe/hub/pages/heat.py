"""Steps × regions: the median of each, and how it differs from the other regions."""

from msgspec import Struct
from msgspec.structs import replace

from probe.compare.instants import spell_interval
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
    rise: str = ""
    """Against its own past: `+180 ms since 14:00–14:05 UTC`."""
    note: str = ""


class HeatRow(Struct, frozen=True):
    step: str
    cells: tuple[HeatCell | None, ...]


_STRONG = (0.1, 0.3)
"""Shares of the others' median from which a difference is shown in the second and third strength."""


def heat_rows(comparison: Comparison) -> tuple[HeatRow, ...]:
    cells = {(cell.step, cell.region): cell for cell in comparison.cells}
    regions = [summary.region for summary in comparison.regions]
    return tuple(
        _heat_row(step, [cells.get((step, region)) for region in regions], comparison.until_ns)
        for step in comparison.steps
    )


def signed(nanoseconds: float) -> str:
    sign = "+" if nanoseconds > 0 else "−" if nanoseconds < 0 else "±"
    return f"{sign}{format_duration(abs(round(nanoseconds)))}"


def _heat_row(step: str, cells: list[Cell | None], now_ns: int) -> HeatRow:
    known = [cell.difference for cell in cells if cell and cell.difference]
    reach = max((max(abs(one.low_ns), abs(one.high_ns)) for one in known), default=0.0)
    return HeatRow(step, tuple(_heat_cell(cell, reach, now_ns) if cell else None for cell in cells))


def _heat_cell(cell: Cell, reach_ns: float, now_ns: int) -> HeatCell:
    median, p95 = (_duration(value) for value in (cell.median_ns, cell.p95_ns))
    shown = HeatCell(cell.region, median, p95, cell.runs, note=cell.note)
    if cell.difference is not None:
        shown = _compared(shown, cell.difference, reach_ns)
    return _risen(shown, cell.rise, now_ns) if cell.rise and cell.rise.significant else shown


def _risen(cell: HeatCell, rise: Difference, now_ns: int) -> HeatCell:
    """What became slower is coloured although it is so in the other regions too."""
    since = f" since {spell_interval(rise.onset.after_ns, rise.onset.before_ns, now_ns)}" if rise.onset else ""
    tone = _tone(rise) if cell.tone == "even" else cell.tone
    return replace(cell, tone=tone, rise=f"{signed(rise.shift_ns)}{since}")


def _compared(cell: HeatCell, difference: Difference, reach_ns: float) -> HeatCell:
    low, high = signed(difference.low_ns), signed(difference.high_ns)
    early = ", early: few runs" if difference.early else ""
    ends = (difference.low_ns, difference.shift_ns, difference.high_ns)
    return replace(
        cell,
        tone=_tone(difference),
        shift=signed(difference.shift_ns),
        share=f"{100 * difference.share:+.0f} %".replace("-", "−"),
        confidence=f"95 % CI {low} to {high}, {difference.pairs} pairs{early}",
        interval=Interval(*(_place(end, reach_ns) for end in ends)),
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
