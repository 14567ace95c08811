"""The phases of a step as a bar: a letter for each slice of time, so that it reads without colours too."""

from collections.abc import Mapping

from probe.model.timing import Phase, Phases

LETTERS: Mapping[Phase, str] = {
    Phase.RESOLVE: "r",
    Phase.CONNECT: "c",
    Phase.TLS: "t",
    Phase.SEND: "s",
    Phase.PROCESSING: "p",
    Phase.TRANSFER: "x",
    Phase.OTHER: "·",
}


def slices(phases: Phases, scale_ns: int, width: int) -> list[tuple[Phase, int]]:
    """How many letters each phase gets when `scale_ns` is `width` letters; anything at all gets one."""
    total = sum(phases.values())
    if total <= 0 or scale_ns <= 0:
        return []
    letters, passed, shown = [], 0, 0
    for phase, nanoseconds in phases.items():
        passed += nanoseconds
        count = min(width, round(passed / scale_ns * width)) - shown
        shown += count
        letters.append((phase, count))
    return letters if shown else [(slowest(phases), 1)]


def slowest(phases: Phases) -> Phase:
    return max(phases, key=lambda phase: phases[phase])
