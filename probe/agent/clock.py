import asyncio
import time
from contextlib import suppress
from typing import Protocol

from msgspec import Struct

from probe.agent.timekeeping import read_timekeeping
from probe.model.result import Timekeeping


class Instant(Struct, frozen=True):
    """Three clocks read together, in nanoseconds.

    `wall_ns` counts from the Unix epoch and can be set; `monotonic_ns` stands still while the machine sleeps;
    `boot_ns` does not (CLOCK_BOOTTIME, clock_gettime(2)).
    """

    wall_ns: int
    monotonic_ns: int
    boot_ns: int


class Clock(Protocol):
    def read(self) -> Instant: ...

    def timekeeping(self) -> Timekeeping | None:
        """How the wall clock is kept; None where that is not known."""

    async def sleep(self, nanoseconds: int, wake: asyncio.Event) -> None:
        """Returns after that time, or as soon as `wake` is set."""


class SystemClock:
    def read(self) -> Instant:
        return Instant(time.time_ns(), time.monotonic_ns(), _boot_ns())

    def timekeeping(self) -> Timekeeping | None:
        return read_timekeeping()

    async def sleep(self, nanoseconds: int, wake: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(nanoseconds / 1e9):
                await wake.wait()


def _boot_ns() -> int:
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock)
