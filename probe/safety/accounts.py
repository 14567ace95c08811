import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager


class Accounts:
    """Test accounts and cards, each used by one run of this process at a time."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def take(self, names: Collection[str]) -> None:
        """Waits until all of them are free, and has them then; none when it is cancelled."""
        taken: list[str] = []
        try:
            for name in sorted(set(names)):  # in one order for all, or two runs could wait for each other
                await self._locks[name].acquire()
                taken.append(name)
        except BaseException:
            self.leave(taken)
            raise

    @asynccontextmanager
    async def of(self, names: Collection[str]) -> AsyncIterator[None]:
        await self.take(names)
        try:
            yield
        finally:
            self.leave(names)

    def leave(self, names: Collection[str]) -> None:
        for name in set(names):
            self._locks[name].release()
