"""TLS sessions of connections that are over, for those of later runs that are to resume them (RFC 8446 §2.2)."""

import ssl
from collections import OrderedDict

MOST = 256
"""Servers that are remembered."""


class Tickets:
    """Of one process. A ticket is used once: a second use would tell whoever listens who comes back (§C.4)."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[tuple[ssl.SSLContext, str, int], ssl.SSLSession] = OrderedDict()

    def take(self, context: ssl.SSLContext, host: str, port: int) -> ssl.SSLSession | None:
        return self._sessions.pop((context, host, port), None)

    def keep(self, context: ssl.SSLContext, host: str, port: int, session: ssl.SSLSession | None) -> None:
        if session is None or not session.has_ticket:
            return
        self._sessions[(context, host, port)] = session
        while len(self._sessions) > MOST:
            self._sessions.popitem(last=False)


TICKETS = Tickets()
