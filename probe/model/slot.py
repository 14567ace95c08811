"""Slots: planned instants on a wall-clock grid. Regions are compared on the same index."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Placement(StrEnum):
    """How the regions of a fleet share a journey's grid.

    `interleave` spreads them evenly over the interval; `synchronised` has them begin at the same instant; `rotate` is
    synchronised too, and one region per slot, in turn, performs the writes while the others stop before them.
    """

    INTERLEAVE = "interleave"
    SYNCHRONISED = "synchronised"
    ROTATE = "rotate"


class Slot(Struct, frozen=True):
    """One planned instant: `due_at` is `index` × `every_ns` after the Unix epoch, plus the grid's offset."""

    index: int
    every_ns: int
    due_at: datetime


class SlotState(StrEnum):
    """What became of a slot. A run that was killed began, so its slot `ran`; the ledger's reason says `killed`."""

    RAN = "ran"
    SKIPPED = "skipped"
    MISSED = "missed"


class Reason(StrEnum):
    """Why a slot was skipped (the agent decided so) or missed (it could not decide), or how its run ended early."""

    KILLED = "killed"
    """Ran: the agent died while the run went on."""
    OVERLAP = "overlap"
    """Skipped: the journey's run before had not ended."""
    CAPACITY = "capacity"
    """Skipped: no place among the runs at once until half of the interval was over."""
    ACCOUNT = "account"
    """Skipped: a test account it uses was another run's until half of the interval was over."""
    ROTATION = "rotation"
    """Skipped: the journey begins with a write, and writing was another region's turn."""
    BUDGET = "budget"
    """Skipped: the run would have written more than the journey's budget allows."""
    STOPPED = "stopped"
    """Skipped: the journey begins with a write, and the kill switch stops writes."""
    SHUTDOWN = "shutdown"
    """Skipped: the agent was told to stop before the run could begin."""
    DOWN = "down"
    """Missed: the agent was not running."""
    SUSPENDED = "suspended"
    """Missed: the machine slept."""
    CLOCK = "clock"
    """Missed: the wall clock was set forward over it."""
    LATE = "late"
    """Missed: the agent noticed it too late."""


class Account(Struct, frozen=True):
    """The ledger of one journey on one grid: `next - first == ran + skipped + missed + running`, at any time.

    Slots are counted from `first` up to, not including, `next`; `due_at` of index k is k × every_ns + offset_ns
    (nanoseconds since the Unix epoch).
    """

    journey: str
    every_ns: int
    offset_ns: int
    first: int
    next: int
    ran: int
    skipped: int
    missed: int
    running: int
    definition: str = ""
    ended: bool = False
    """Whether the journey runs on this grid no more: it was taken out, has another schedule, or the clock was set."""

    @property
    def expected(self) -> int:
        return self.next - self.first

    @property
    def adds_up(self) -> bool:
        return self.expected == self.ran + self.skipped + self.missed + self.running
