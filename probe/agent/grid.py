"""When slots are due, and what became of those that are past: pure arithmetic on clocks.

Instants count from the Unix epoch, so that time zones and their changes of an hour mean nothing here.
"""

import hashlib

from msgspec import Struct

from probe.agent.clock import Instant
from probe.model.slot import Placement, Reason

LONGEST_LATE_NS = 5_000_000_000
"""A slot noticed later than this after its instant, or than half its interval, is missed: a run then would be
compared with runs of another time."""

_CLOCKS_APART_NS = 1_000_000_000
"""Clocks that moved apart by more than this between two looks were set, or the machine slept."""


class Grid(Struct, frozen=True):
    every_ns: int
    offset_ns: int

    def due_ns(self, index: int) -> int:
        return index * self.every_ns + self.offset_ns

    def index_at(self, wall_ns: int) -> int:
        """The latest slot that was due at or before that instant."""
        return (wall_ns - self.offset_ns) // self.every_ns

    @property
    def tolerance_ns(self) -> int:
        return min(self.every_ns // 2, LONGEST_LATE_NS)


def grid_of(journey: str, every_ns: int, placement: Placement, index: int, regions: int) -> Grid:
    """The journey's grid in a region: journeys are spread over the interval, and regions too when they interleave.

    The offset depends on nothing but the names, so it is the same after every start and on every machine.
    """
    every_ns = int(every_ns)  # a Duration of a file is a number that records cannot hold
    digest = hashlib.sha256(journey.encode()).digest()
    spread = int.from_bytes(digest[:8]) * every_ns >> 64
    own = every_ns * index // regions if placement is Placement.INTERLEAVE else 0
    return Grid(every_ns, spread + own)


class Missed(Struct, frozen=True):
    """Slots `first` to `last`, inclusive."""

    first: int
    last: int
    reason: Reason


class Look(Struct, frozen=True):
    """What a look at the clock says of a grid. `next` is the first slot that is not accounted for after it."""

    next: int
    due: int | None = None
    missed: Missed | None = None
    rewound: bool = False
    """The clock was set back: the grid begins anew at `next`, with indices that were used before."""


def look(grid: Grid, following: int, before: Instant | None, now: Instant) -> Look:
    """The slots from `following` up to now: at most the latest one is still due, those before it are missed.

    `before` is the look before this one: what the clocks did in between tells why. None: the agent has just started.
    """
    latest = grid.index_at(now.wall_ns)
    if latest < following:
        far = grid.due_ns(following) - now.wall_ns > 2 * grid.every_ns
        return Look(latest + 1, rewound=True) if far else Look(following)
    on_time = now.wall_ns - grid.due_ns(latest) <= grid.tolerance_ns
    last = latest - 1 if on_time else latest
    missed = Missed(following, last, _why(before, now)) if last >= following else None
    return Look(latest + 1, latest if on_time else None, missed)


def _why(before: Instant | None, now: Instant) -> Reason:
    if before is None:
        return Reason.DOWN
    wall, monotonic, boot = (
        after - earlier
        for after, earlier in (
            (now.wall_ns, before.wall_ns),
            (now.monotonic_ns, before.monotonic_ns),
            (now.boot_ns, before.boot_ns),
        )
    )
    if boot - monotonic > _CLOCKS_APART_NS:
        return Reason.SUSPENDED
    return Reason.CLOCK if wall - boot > _CLOCKS_APART_NS else Reason.LATE
