"""What passes between the programs of the measurement."""

from typing import Any

import msgspec
from msgspec import Struct

SMALL, LARGE = 1_000, 200_000
"""Bytes of an answer's body: of one segment, and of many."""
SIZES = ((SMALL, LARGE, SMALL), (LARGE, SMALL, LARGE))
"""The answers of a journey, all over one connection; every other journey takes the second row."""
FIGURES = ("resolve", "connect", "tls", "processing", "transfer", "phases", "total")
"""`phases` are the four before it together, without the agent's own time; `total` is all but the name's."""


class Reading(Struct, frozen=True):
    """What a client says of one exchange, in nanoseconds by figure."""

    journey: int
    step: int
    figures: dict[str, int]
    doubts: tuple[str, ...] = ()
    """Why the client itself does not vouch for its figures to the microsecond."""
    admitted_ns: int = 0
    """By how much a boundary may be off, as the client says itself."""


class Readings(Struct, frozen=True):
    readings: list[Reading]
    cpu: float
    """The client's share of a processor while it was at work."""


class Asked(Struct, frozen=True):
    """A request as the server saw it: over which of the connections from that port, and as its how manieth."""

    journey: int
    step: int
    port: int
    connection: int
    request: int


class Target(Struct, frozen=True):
    """Where a client goes, and how it is to work."""

    scheme: str
    host: str
    port: int
    nameserver: str
    authority: str
    """A PEM file."""
    load: str
    seconds: float

    def url(self, journey: int, step: int, name: str = "") -> str:
        return f"{self.scheme}://{name or self.host}:{self.port}/{self.size(journey, step)}/{journey}/{step}"

    @staticmethod
    def size(journey: int, step: int) -> int:
        return SIZES[journey % 2][step]


def say(value: Any) -> None:
    """To whoever started this program, and whole: print(), unbuffered, loses what a pipe does not take at once."""
    with open(1, "wb", closefd=False) as output:
        output.write(msgspec.json.encode(value))
