from collections import OrderedDict
from dataclasses import dataclass, field
from secrets import compare_digest, token_urlsafe

from probe.demo.basket import Basket


@dataclass(slots=True)
class Session:
    id: str = field(default_factory=token_urlsafe)
    csrf: str = field(default_factory=token_urlsafe)
    basket: Basket = field(default_factory=Basket)

    def trusts(self, csrf: str) -> bool:
        return compare_digest(self.csrf.encode(), csrf.encode())


class Sessions:
    """The newest `capacity` sessions: a caller without a cookie jar opens one with every request."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, session_id: str) -> Session | None:
        return self._sessions.get(session_id)

    def open(self) -> Session:
        session = Session()
        self._sessions[session.id] = session
        if len(self._sessions) > self._capacity:
            self._sessions.popitem(last=False)
        return session

    def close(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)
