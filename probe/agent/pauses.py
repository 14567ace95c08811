import gc
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

REMEMBERED_NS = 3600 * 10**9
_NOTEWORTHY_NS = 1_000_000


class Pauses:
    """How long garbage collections stood in the way: nothing else of this process goes on meanwhile."""

    def __init__(self) -> None:
        self.total_ns = 0
        self._began_ns = 0
        self._worse: deque[tuple[int, int]] = deque()
        """Of those that took a millisecond or more, when they ended and what they took."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        gc.callbacks.append(self._note)
        try:
            yield
        finally:
            gc.callbacks.remove(self._note)

    def worst_since(self, since_ns: int) -> int:
        """The longest that ended at or after that instant of time.monotonic_ns(); 0 when none took a millisecond."""
        recent = takewhile(lambda pause: pause[0] >= since_ns, reversed(self._worse))
        return max((took for _, took in recent), default=0)

    def _note(self, phase: str, info: Mapping[str, Any]) -> None:
        now = time.monotonic_ns()
        if phase == "start":
            self._began_ns = now
        else:
            self.note(now, now - self._began_ns)

    def note(self, ended_ns: int, took_ns: int) -> None:
        self.total_ns += took_ns
        if took_ns >= _NOTEWORTHY_NS:
            self._worse.append((ended_ns, took_ns))
        while self._worse and ended_ns - self._worse[0][0] > REMEMBERED_NS:
            self._worse.popleft()
