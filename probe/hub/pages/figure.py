"""Numbers for figures: scales that end on round values, and shares that add up."""

from collections.abc import Callable, Mapping
from itertools import pairwise

from msgspec import Struct

from probe.model.timing import Phase

Entitle = Callable[[Phase, float, float, float], str]
"""The title of a phase from its beginning, its end and the duration of all phases."""

_ROUND = (1, 2, 2.5, 5, 10)


class Segment(Struct, frozen=True):
    """A coloured part of a bar: `x` and `width` are per cent of the figure's width."""

    kind: str
    x: float
    width: float
    title: str


class Tick(Struct, frozen=True):
    at: float
    """Per cent of the axis."""
    text: str


def round_up(value: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(value))) - 1)
    return next(power * step for step in _ROUND if value <= power * step * (1 + 1e-9))


def duration_ticks(end_ns: float, count: int = 4) -> tuple[Tick, ...]:
    """At most `count` round steps from 0 up to `end_ns`."""
    step = round_up(end_ns / count)
    return tuple(
        Tick(round(100 * at * step / end_ns, 3), _round_duration(at * step))
        for at in range(int(end_ns / step * (1 + 1e-9)) + 1)
    )


def segments(phases: Mapping[Phase, float], start_ns: float, scale_ns: float, entitle: Entitle) -> tuple[Segment, ...]:
    """The phases one after the other, from `start_ns` on an axis that is `scale_ns` long."""
    total, ends = sum(phases.values()), [start_ns]
    for nanoseconds in phases.values():
        ends.append(ends[-1] + nanoseconds)
    return tuple(
        Segment(phase, percent(start, scale_ns), percent(end - start, scale_ns), entitle(phase, start, end, total))
        for phase, (start, end) in zip(phases, pairwise(ends), strict=True)
        if end > start
    )


def percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 3) if whole > 0 else 0.0


def _round_duration(nanoseconds: float) -> str:
    """Without the decimals that a round value does not need."""
    units = (("s", 10**9), ("ms", 10**6), ("µs", 10**3))
    return next((f"{nanoseconds / size:g} {unit}" for unit, size in units if nanoseconds >= size), "0")
