"""A journey's latest runs in a region as ticks: as tall as they took long; what did not pass is the tallest."""

from collections.abc import Sequence

from msgspec import Struct

from probe.compare.result import Sample
from probe.hub.pages.sign import run_sign
from probe.model.result import Verdict

COUNT = 24
STEP = 4
HEIGHT = 20
_TALLEST_PASSED = 13
_SHORTEST = 2


class Stroke(Struct, frozen=True):
    """All ticks of one tone, as one SVG path."""

    tone: str
    path: str


class Ticks(Struct, frozen=True):
    strokes: tuple[Stroke, ...]
    words: str


def ticks(samples: Sequence[Sample]) -> Ticks:
    """The last `COUNT` of them, from left to right."""
    latest = samples[-COUNT:]
    longest = max((run.duration_ns for run in latest if run.verdict == Verdict.PASSED), default=1)
    paths: dict[str, list[str]] = {}
    for place, run in enumerate(latest):
        height = HEIGHT - 1
        if run.verdict == Verdict.PASSED:
            height = _SHORTEST + round((_TALLEST_PASSED - _SHORTEST) * run.duration_ns / max(1, longest))
        paths.setdefault(run_sign(run.verdict).tone, []).append(f"M{place * STEP + STEP // 2} {HEIGHT}v-{height}")
    return Ticks(tuple(Stroke(tone, "".join(parts)) for tone, parts in paths.items()), _words(latest))


def _words(runs: Sequence[Sample]) -> str:
    counts: dict[str, int] = {}
    for run in runs:
        counts[run.verdict] = counts.get(run.verdict, 0) + 1
    return f"The last {len(runs)} runs: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
