import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupt:
    """Lets a person stop runs: their steps are cut, their cleanup still runs."""

    def __init__(self) -> None:
        self.requested = False
        self._sections: set[asyncio.Timeout] = set()

    def request(self) -> None:
        self.requested = True
        for section in self._sections:
            if not section.expired():
                section.reschedule(asyncio.get_running_loop().time())

    @contextmanager
    def cuts(self, section: asyncio.Timeout) -> Iterator[None]:
        self._sections.add(section)
        try:
            if self.requested:
                section.reschedule(asyncio.get_running_loop().time())
            yield
        finally:
            self._sections.discard(section)
