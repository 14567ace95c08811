"""OAuth2 tokens of one process: fetched once for all runs that want the same, kept until shortly before they expire."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable

from msgspec import Struct

from probe.errors import StepFailure

_S = 10**9
_MARGIN_NS = 30 * _S
"""A token this close to its end is not used any more: the request it is for has to arrive before that."""
_UNKNOWN_LIFE_NS = 300 * _S
"""Of a token whose server does not say how long it lives (RFC 6749 §5.1 recommends that it does)."""


class Granted(Struct, frozen=True):
    """What a server gave: `life_s` is None when it does not say, `refresh` a new refresh token if it gave one."""

    token: str
    life_s: float | None = None
    refresh: str = ""


Fetch = Callable[[str], Awaitable[Granted]]
"""Fetches a token with a refresh token that a server gave since, or with none."""


class _Kept:
    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.granted: Granted | None = None
        self.until_ns = 0
        self.refresh = ""
        self.asked = 0
        self.failure: StepFailure | None = None


class Tokens:
    def __init__(self, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._monotonic_ns = monotonic_ns
        self._kept: dict[Hashable, _Kept] = {}

    async def token(self, key: Hashable, fetch: Fetch) -> str:
        """The token kept under the key, fetched if there is none.

        Whoever comes while one is fetched waits, and gets that token or that failure; when the fetch was cancelled,
        the next one that waits fetches.
        """
        kept = self._kept.setdefault(key, _Kept())
        asked = kept.asked
        async with kept.turn:
            if kept.granted is not None and self._monotonic_ns() < kept.until_ns:
                return kept.granted.token
            if kept.asked != asked and kept.failure is not None:
                raise StepFailure(kept.failure.failure)
            return await self._fetch(kept, fetch)

    def drop(self, key: Hashable, token: str) -> None:
        """The token was refused: it is not used again. One that was fetched since is kept."""
        kept = self._kept.get(key)
        if kept is not None and kept.granted is not None and kept.granted.token == token:
            kept.granted = None

    async def _fetch(self, kept: _Kept, fetch: Fetch) -> str:
        kept.granted, kept.failure = None, None
        try:
            granted = await fetch(kept.refresh)
        except StepFailure as error:
            kept.failure = error
            raise
        finally:
            kept.asked += 1
        kept.granted, kept.refresh = granted, granted.refresh or kept.refresh
        life_ns = _UNKNOWN_LIFE_NS if granted.life_s is None else int(granted.life_s * _S)
        kept.until_ns = self._monotonic_ns() + life_ns - min(_MARGIN_NS, life_ns // 4)
        return granted.token
