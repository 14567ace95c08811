import asyncio
import time
from collections import deque

EVERY_S = 0.05
"""How often the loop is looked at; a delay shorter than this may go unseen."""

REMEMBERED_NS = 3600 * 10**9
_NOTEWORTHY_NS = 2_000_000
"""Timers of the loop are no truer than about a millisecond."""


class LoopWatch:
    """How late the event loop was, and when: by that much Python may have been late to look at the clock."""

    def __init__(self) -> None:
        self.total_ns = 0
        self._delays: deque[tuple[int, int]] = deque()

    async def watch(self) -> None:
        """Looks on until it is cancelled."""
        while True:
            due = time.monotonic_ns() + int(EVERY_S * 1e9)
            await asyncio.sleep(EVERY_S)
            self.note(time.monotonic_ns(), due)

    def note(self, now_ns: int, due_ns: int) -> None:
        late = now_ns - due_ns
        if late >= _NOTEWORTHY_NS:
            self.total_ns += late
            self._delays.append((now_ns, late))
        while self._delays and now_ns - self._delays[0][0] > REMEMBERED_NS:
            self._delays.popleft()

    def worst_since(self, since_ns: int) -> int:
        """The longest delay that ended at or after that instant of time.monotonic_ns(), in nanoseconds."""
        worst = 0
        for at, late in reversed(self._delays):
            if at < since_ns:
                break
            worst = max(worst, late)
        return worst
