"""Under which address this agent is seen from outside: its hub says so whenever it takes a batch."""

import logging
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from probe.model.duration import NANOSECONDS
from probe.model.instant import datetime_of

NEWS_NS = NANOSECONDS["d"]
"""How long a change is told to whoever asks how the agent is."""
_MOST = 64
"""Addresses that are remembered: those of a pool that takes turns are news once."""

log = logging.getLogger("probe.agent")


class Egress:
    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._by_family: dict[str, str] = {}
        self._known: dict[str, None] = {}
        self._news: tuple[int, str] | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The latest of each family that is known."""
        return tuple(self._by_family.values())

    def note(self, told: str) -> None:
        """What is no address is not believed."""
        try:
            address = ip_address(told)
        except ValueError:
            return
        family = "IPv6" if isinstance(address, IPv6Address) else "IPv4"
        before, self._by_family[family] = self._by_family.get(family), str(address)
        if str(address) in self._known:
            return
        self._known[str(address)] = None
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        if before is None:
            log.info("seen from outside as %s", address)
        else:
            self._tell(f"the {family} egress address changed from {before} to {address}")

    def notices(self) -> tuple[str, ...]:
        """The latest change, while it is news."""
        if self._news is None or self._now_ns() - self._news[0] > NEWS_NS:
            return ()
        at_ns, words = self._news
        return (f"{words} at {datetime_of(at_ns):%Y-%m-%d %H:%M} UTC",)

    def _tell(self, words: str) -> None:
        self._news = self._now_ns(), words
        log.warning("%s", words)
