import asyncio
from collections import deque
from contextlib import suppress


class Places:
    """So many runs at once; who waits longest is next. How many may be changed while some are taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._closed = False
        self._waiting: deque[asyncio.Future[bool]] = deque()

    async def take(self) -> bool:
        """Waits for a place; False when there will be none any more. One that was taken is given back with `leave`."""
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._hand_out()
        try:
            return await place
        except asyncio.CancelledError:
            with suppress(ValueError):
                self._waiting.remove(place)
            if place.done() and not place.cancelled() and place.result():
                self.leave()  # it was handed over in the very moment
            raise

    def leave(self) -> None:
        self._taken -= 1
        self._hand_out()

    def resize(self, most: int) -> None:
        """Those that are taken beyond the new number stay so until they are left."""
        self._most = most
        self._hand_out()

    def close(self) -> None:
        """Nobody gets a place from now on."""
        self._closed = True
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and (self._closed or self._taken < self._most):
            place = self._waiting.popleft()
            self._taken += not self._closed
            place.set_result(not self._closed)
