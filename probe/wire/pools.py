"""The connections of a run, apart by how they get to their targets: none is ever used on another Route."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from probe.model.timing import Clock
from probe.wire.connector import MarkedConnector
from probe.wire.encoding import ACCEPTED
from probe.wire.exact import ExactRequest
from probe.wire.resolver import Resolver
from probe.wire.route import DIRECT, SYSTEM_TLS, Route
from probe.wire.trust import server_trust

MAX_HEADER_BYTES = 64 * 1024


class Pools:
    """`tls` stands for the system's trust on routes that say nothing of TLS; None leaves it."""

    def __init__(
        self,
        clock: Callable[[], int],
        user_agent: str,
        tls: Any,
        instants: Clock,
        nameservers: Sequence[str],
    ) -> None:
        self._clock = clock
        self._user_agent = user_agent
        self._tls = tls
        self._instants = instants
        self._nameservers = tuple(nameservers)
        self._resolvers: dict[tuple[str, ...], Resolver] = {}
        self._connectors: dict[tuple[Route, bool], MarkedConnector] = {}
        self._sessions: dict[tuple[Route, bool, bool], aiohttp.ClientSession] = {}

    def session(self, route: Route = DIRECT, *, fresh: bool = False, exact: bool = False) -> aiohttp.ClientSession:
        """Connections of `fresh` ones are closed after each exchange; `exact` ones add no headers of their own.

        UnusableFileError when a file is no good.
        """
        key = route, fresh, exact
        if key not in self._sessions:
            kind = ExactRequest if exact else aiohttp.ClientRequest
            ours = {} if exact else {"User-Agent": self._user_agent, "Accept-Encoding": ACCEPTED}
            self._sessions[key] = _open(self.connector(route, fresh=fresh), kind, ours)
        return self._sessions[key]

    def connector(self, route: Route = DIRECT, *, fresh: bool = False) -> MarkedConnector:
        """UnusableFileError when a file is no good."""
        key = route, fresh
        if key not in self._connectors:
            trust = self._tls if self._tls is not None and route.tls == SYSTEM_TLS else server_trust(route.tls)
            self._connectors[key] = MarkedConnector(
                self._instants, route, single_use=fresh, ssl=trust, limit=0, resolver=self.resolver(route)
            )
        return self._connectors[key]

    def resolver(self, route: Route) -> Resolver:
        asked = route.resolver or self._nameservers
        if asked not in self._resolvers:
            self._resolvers[asked] = Resolver(self._clock, asked)
        return self._resolvers[asked]

    async def close(self) -> None:
        async with AsyncExitStack() as stack:
            for resolver in self._resolvers.values():
                stack.push_async_callback(resolver.close)
            for connector in self._connectors.values():
                stack.push_async_callback(connector.close)
            for session in self._sessions.values():
                stack.push_async_callback(session.close)


def _open(
    connector: MarkedConnector, request_class: type[aiohttp.ClientRequest], headers: Mapping[str, str]
) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        connector_owner=False,
        request_class=request_class,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )
    session._retry_connection = False  # noqa: SLF001 - aiohttp would resend PUT and DELETE on a dead connection by itself
    return session
