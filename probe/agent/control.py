"""Control targets: when none of them can be reached either, a failure is the agent's own network's.

A target is reached when a TCP connection to it can be made, its name resolved on the way.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from probe.model.result import Attempt, Cause, Failure, Run, StepResult, Verdict
from probe.model.status import ControlStatus

PATIENCE_S = 3.0
"""How long a target may take: longer than a lost SYN's first repetition."""

PAUSE_NS = 200_000_000
"""From one look to the next: many journeys fail at once when a network does."""

_OF_THE_NETWORK = (Cause.RESOLVE, Cause.CONNECT, Cause.TLS, Cause.TIMEOUT, Cause.PROTOCOL)
_PORTS = {"http": 80, "https": 443}


class Target(Struct, frozen=True):
    name: str
    host: str
    port: int


def parse_target(text: str) -> Target:
    """The target in `host:port` or a URL; ValueError says what to write."""
    try:
        parts = urlsplit(text if "://" in text else f"tcp://{text}")
        known = parts.scheme in ("tcp", *_PORTS)
        host, port = parts.hostname or "", (parts.port or _PORTS.get(parts.scheme)) if known else None
        host.encode("idna")
    except ValueError:
        host, port = "", None
    if not host.isprintable() or not host or not port:
        raise ValueError("host:port, or a URL such as https://example.com")
    return Target(text, host, port)


class Controls:
    """What is known of the targets. With no targets nothing is known, and no failure is excused."""

    def __init__(self, targets: Sequence[Target], monotonic_ns: Callable[[], int]) -> None:
        self.targets = tuple(targets)
        self.states: tuple[ControlStatus, ...] = ()
        self._monotonic_ns = monotonic_ns
        self._looked_ns: int | None = None
        """When the last look began."""
        self._turn = asyncio.Lock()

    @property
    def sound(self) -> bool | None:
        """Whether at least one target was reached at the last look; None before the first."""
        return any(state.sound for state in self.states) if self.states else None

    def adopt(self, targets: Sequence[Target]) -> None:
        """Other targets from now on: what was seen of the old ones says nothing of them."""
        if tuple(targets) != self.targets:
            self.targets, self.states, self._looked_ns = tuple(targets), (), None

    async def look(self) -> bool | None:
        """`sound`, by a look that began no earlier than now: one before says nothing of a failure that came after it.

        All who ask while one goes on share the next.
        """
        asked_ns = self._monotonic_ns()
        async with self._turn:
            if self.targets and (self._looked_ns is None or self._looked_ns < asked_ns):
                await self._look()
        return self.sound

    async def _look(self) -> None:
        if self._looked_ns is not None:
            await asyncio.sleep((self._looked_ns + PAUSE_NS - self._monotonic_ns()) / 1e9)
        targets, began_ns = self.targets, self._monotonic_ns()
        states = tuple(await asyncio.gather(*map(_reach, targets)))
        if targets == self.targets:  # or they were replaced meanwhile
            self.states, self._looked_ns = states, began_ns

    async def judge(self, run: Run) -> Run:
        """The run, blamed on the agent when it failed for the network and no target can be reached either."""
        of_the_network = run.failure is not None and run.failure.cause in _OF_THE_NETWORK
        if not of_the_network or await self.look() is not False:
            return run
        return blame_agent(run)


async def _reach(target: Target) -> ControlStatus:
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(target.host, target.port)
    except TimeoutError:
        return ControlStatus(target.name, sound=False, message=f"no connection within {PATIENCE_S:g} s")
    except (OSError, ValueError) as error:  # a name that nobody can look up is a ValueError
        return ControlStatus(target.name, sound=False, message=_reason(error))
    writer.transport.abort()
    return ControlStatus(target.name, sound=True)


def _reason(error: OSError | ValueError) -> str:
    """In the system's words; asyncio has others for a connection that failed, and resolving has its own."""
    if isinstance(error, ValueError):
        return str(error)
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def blame_agent(run: Run) -> Run:
    """The run with every failure of the network turned into one of the agent; what was measured stays."""
    steps = tuple(_blame_step(step) for step in run.steps)
    return replace(run, verdict=Verdict.ERRORED, failure=_blame(run.failure), steps=steps)


def _blame_step(step: StepResult) -> StepResult:
    if not _is_of_the_network(step.failure):
        return step
    attempts = tuple(_blame_attempt(attempt) for attempt in step.attempts)
    return replace(step, verdict=Verdict.ERRORED, failure=_blame(step.failure), attempts=attempts)


def _blame_attempt(attempt: Attempt) -> Attempt:
    if not _is_of_the_network(attempt.failure):
        return attempt
    return replace(attempt, verdict=Verdict.ERRORED, failure=_blame(attempt.failure))


def _is_of_the_network(failure: Failure | None) -> bool:
    return failure is not None and failure.cause in _OF_THE_NETWORK


def _blame(failure: Failure | None) -> Failure | None:
    if failure is None or not _is_of_the_network(failure):
        return failure
    message = f"the agent's own network fails: no control target can be reached either ({failure.message})"
    return replace(failure, cause=Cause.AGENT, message=message)
