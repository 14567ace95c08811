from collections.abc import Callable

from msgspec import Struct

from probe.model.result import Section, Verdict


class Progress(Struct, frozen=True):
    """Where a run is: a step begins (no verdict yet) or ends."""

    journey: str
    step: str
    section: Section
    verdict: Verdict | None = None
    duration_ns: int = 0


Watch = Callable[[Progress], None]
