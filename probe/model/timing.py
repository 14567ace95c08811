from collections.abc import Iterable, Mapping
from enum import StrEnum


class Phase(StrEnum):
    """The parts of an exchange, named as blackbox_exporter names them, plus `send` and `other`.

    `send` is the request's own bytes leaving; `other` is the agent's own time between the phases.
    """

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    PROCESSING = "processing"
    TRANSFER = "transfer"
    OTHER = "other"


PHASES = tuple(Phase)


class Clock(StrEnum):
    """Whose clock the instants of an exchange were read from."""

    KERNEL = "kernel"
    USER = "user"


Phases = Mapping[Phase, int]
"""Nanoseconds by phase; a phase that was not reached is absent, never 0."""


def add_phases(parts: Iterable[Phases], total_ns: int) -> dict[Phase, int]:
    """The sum of several exchanges' phases; what is left of `total_ns` between them is `other`."""
    sums: dict[Phase, int] = {}
    for phases in parts:
        for phase, nanoseconds in phases.items():
            if phase is not Phase.OTHER:
                sums[phase] = sums.get(phase, 0) + nanoseconds
    ordered = {phase: sums[phase] for phase in PHASES if phase in sums}
    return {**ordered, Phase.OTHER: total_ns - sum(ordered.values())}
