"""The records of a name, as text: in the way zone files write them (RFC 1035 §5.1), without quotes around texts."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

NO_DATA = 1
"""ARES_ENODATA: the name exists, and has no record of that type."""
QUERY_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "CAA": 257}


class Records(Struct, frozen=True):
    answers: tuple[str, ...]
    answered_ns: int
    """When the answer arrived, by the run's clock."""
    servers: tuple[str, ...]
    """Who may have been asked."""


def answers_in(result: Any, kind: str) -> tuple[str, ...]:
    """Those of the type that was asked for, in the order they came; the aliases on the way to them are left out."""
    wanted = QUERY_TYPES[kind]
    return tuple(_WRITTEN[kind](record.data) for record in result.answer if record.type == wanted)


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "A": lambda data: data.addr,
    "AAAA": lambda data: data.addr,
    "CNAME": lambda data: data.cname,
    "NS": lambda data: data.nsdname,
    "PTR": lambda data: data.dname,
    "TXT": lambda data: _text(data.data),
    "MX": lambda data: f"{data.priority} {data.exchange}",
    "SRV": lambda data: f"{data.priority} {data.weight} {data.port} {data.target}",
    "CAA": lambda data: f'{data.critical} {data.tag} "{data.value}"',
    "SOA": lambda data: (
        f"{data.mname} {data.rname} {data.serial} {data.refresh} {data.retry} {data.expire} {data.minimum}"
    ),
}
