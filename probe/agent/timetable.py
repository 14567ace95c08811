"""Which slots are due, and what is decided about each: to run it, or why not."""

from collections.abc import Iterable, Iterator
from uuid import uuid4

from msgspec import Struct

from probe.agent.clock import Instant
from probe.agent.grid import look
from probe.agent.planned import Planned
from probe.model.slot import Reason, SlotState


class Begin(Struct, frozen=True):
    """A run for a slot."""

    planned: Planned
    index: int
    run_id: str


class Pass(Struct, frozen=True):
    """Slots `first` to `last` (inclusive) without a run."""

    planned: Planned
    first: int
    last: int
    state: SlotState
    reason: Reason


class Rewind(Struct, frozen=True):
    """The clock was set back: the journey's slots are counted anew from `first`."""

    planned: Planned
    first: int


Decision = Begin | Pass | Rewind


class _Entry:
    def __init__(self, planned: Planned, following: int) -> None:
        self.planned = planned
        self.following = following
        """The first slot that nothing is decided about."""
        self.before: Instant | None = None


class Timetable:
    """One entry for each journey. A journey never overlaps itself."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._running: dict[str, str] = {}
        """The ids of the runs that have not ended, by journey: one that was taken out may come back meanwhile."""

    def replace(self, planned: Iterable[tuple[Planned, int]]) -> None:
        """The journeys from now on, each with the first slot to decide about; what runs goes on."""
        old = self._entries
        self._entries = {}
        for each, following in planned:
            name = each.journey.name
            entry = self._entries[name] = _Entry(each, following)
            if name in old and old[name].planned.grid == each.grid:
                entry.following, entry.before = old[name].following, old[name].before

    def tick(self, now: Instant) -> list[Decision]:
        return [decision for entry in self._entries.values() for decision in self._decide(entry, now)]

    def ended(self, journey: str, run_id: str) -> None:
        if self._running.get(journey) == run_id:
            del self._running[journey]

    def is_running(self, journey: str) -> bool:
        return journey in self._running

    def due_ns(self, journey: str) -> int | None:
        """The wall-clock instant of the journey's next slot."""
        entry = self._entries.get(journey)
        return None if entry is None else entry.planned.grid.due_ns(entry.following)

    @property
    def next_due_ns(self) -> int | None:
        """The wall-clock instant of the next slot of all."""
        return min((entry.planned.grid.due_ns(entry.following) for entry in self._entries.values()), default=None)

    def _decide(self, entry: _Entry, now: Instant) -> Iterator[Decision]:
        planned = entry.planned
        seen = look(planned.grid, entry.following, entry.before, now)
        entry.following, entry.before = seen.next, now
        if seen.rewound:
            yield Rewind(planned, seen.next)
        if seen.missed is not None:
            yield Pass(planned, seen.missed.first, seen.missed.last, SlotState.MISSED, seen.missed.reason)
        if seen.due is None:
            return
        if (reason := self._why_not(planned, seen.due)) is not None:
            yield Pass(planned, seen.due, seen.due, SlotState.SKIPPED, reason)
            return
        self._running[planned.journey.name] = run_id = str(uuid4())
        yield Begin(planned, seen.due, run_id)

    def _why_not(self, planned: Planned, index: int) -> Reason | None:
        if planned.journey.name in self._running:
            return Reason.OVERLAP
        held_back = planned.begins_with_a_write and not planned.writes_in(index)
        return Reason.ROTATION if held_back else None
