"""Answers that were made a moment ago, given again: many who look at once cost the hub no more than one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from msgspec import Struct

from probe.model.duration import NANOSECONDS

LEAST_NS = NANOSECONDS["s"]
SHARE = 3
"""So many times as long as it took to make an answer it is kept: making them never takes more than a part of a core."""
MOST = 32


class Answer(Struct, frozen=True):
    text: str
    status: int


class _Entry:
    def __init__(self) -> None:
        self.making = asyncio.Lock()
        self.answer: Answer | None = None
        self.until_ns = 0


class Kept:
    """By whatever says which answer it is; the latest `MOST` of them."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    async def answer(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """As it is kept while it is fresh, or while another request makes it anew; else made now, in a thread."""
        entry = self._entry(key)
        if entry.answer and (self._clock() < entry.until_ns or entry.making.locked()):
            return entry.answer
        async with entry.making:
            if not entry.answer or self._clock() >= entry.until_ns:
                began = self._clock()
                entry.answer = await asyncio.to_thread(make)
                took = self._clock() - began
                entry.until_ns = began + took + max(LEAST_NS, SHARE * took)
            return entry.answer

    def _entry(self, key: Hashable) -> _Entry:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        if len(self._entries) > MOST:
            self._entries.popitem(last=False)
        return entry
