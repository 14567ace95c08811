import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

EVERY_S = 0.05
"""How often the loop is looked at; a delay shorter than this may go unseen."""

_EVERY_NS = int(EVERY_S * 1e9)
REMEMBERED_NS = 3600 * 10**9
_NOTEWORTHY_NS = 2_000_000
"""Timers of the loop are no truer than about a millisecond."""


class Delay(Struct, frozen=True):
    """The loop was late by `late_ns` when it was looked at; it stood still some time between two instants.

    They count time.monotonic_ns(). The first one is when it was last seen alive.
    """

    since_ns: int
    ended_ns: int
    late_ns: int


class LoopWatch:
    """How late the event loop was, and when: by that much Python may have been late to look at the clock.

    It looks only while a run goes on: 20 looks a second would cost an agent at rest more than its runs.
    """

    def __init__(self) -> None:
        self.total_ns = 0
        self._runs = 0
        self._running = asyncio.Event()
        self._delays: deque[Delay] = deque()
        self._due_ns: int | None = None

    async def watch(self) -> None:
        """Looks on, whenever a run goes on, until it is cancelled."""
        try:
            while True:
                await self._running.wait()
                due_ns = self._due_ns = self._due_ns or time.monotonic_ns() + _EVERY_NS
                await asyncio.sleep((due_ns - time.monotonic_ns()) / 1e9)
                self.note(time.monotonic_ns(), due_ns)
                self._due_ns = None
        finally:
            self._due_ns = None

    @contextmanager
    def during_a_run(self) -> Iterator[None]:
        """From the first instant on, whenever the loop gets round to look."""
        if not self._runs:
            self._due_ns = time.monotonic_ns() + _EVERY_NS
            self._running.set()
        self._runs += 1
        try:
            yield
        finally:
            self._runs -= 1
            if not self._runs:
                self._due_ns = None
                self._running.clear()

    def note(self, now_ns: int, due_ns: int) -> None:
        late = now_ns - due_ns
        if late >= _NOTEWORTHY_NS:
            self.total_ns += late
            self._delays.append(Delay(due_ns - _EVERY_NS, now_ns, late))
        while self._delays and now_ns - self._delays[0].ended_ns > REMEMBERED_NS:
            self._delays.popleft()

    def worst_since(self, since_ns: int) -> int:
        """The longest delay that ended at or after that instant of time.monotonic_ns(), in nanoseconds."""
        return max((delay.late_ns for delay in self.delays_since(since_ns)), default=0)

    def delays_since(self, since_ns: int) -> list[Delay]:
        """The delays that ended at or after that instant, the latest one first; one may not be over yet."""
        now = time.monotonic_ns()
        delays = [] if self._due_ns is None else [Delay(self._due_ns - _EVERY_NS, now, now - self._due_ns)]
        found = [delay for delay in delays if delay.late_ns >= _NOTEWORTHY_NS]
        for delay in reversed(self._delays):
            if delay.ended_ns < since_ns:
                break
            found.append(delay)
        return found
