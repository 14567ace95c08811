import asyncio
from collections.abc import Callable

from probe.agent.clock import Instant
from probe.model.result import Timekeeping

START_NS = 1_793_577_600 * 10**9
"""2026-11-02 00:00:00 UTC."""


class FakeClock:
    """A clock that jumps to whatever is waited for. Tests set it, or put the machine to sleep."""

    def __init__(self, wall_ns: int = START_NS) -> None:
        self.wall_ns = wall_ns
        self.monotonic_ns = 10**9
        self.boot_ns = 10**9
        self.busy: Callable[[], bool] = lambda: False
        """Whether real work goes on that has to end before time goes by."""
        self.kept: Timekeeping | None = None

    def read(self) -> Instant:
        return Instant(self.wall_ns, self.monotonic_ns, self.boot_ns)

    def timekeeping(self) -> Timekeeping | None:
        return self.kept

    def pass_ns(self, nanoseconds: int) -> None:
        """Time goes by."""
        self.wall_ns += nanoseconds
        self.monotonic_ns += nanoseconds
        self.boot_ns += nanoseconds

    def suspend(self, nanoseconds: int) -> None:
        """The machine sleeps that long."""
        self.wall_ns += nanoseconds
        self.boot_ns += nanoseconds

    def set_by(self, nanoseconds: int) -> None:
        """Somebody sets the wall clock, forward or back."""
        self.wall_ns += nanoseconds

    async def sleep(self, nanoseconds: int, wake: asyncio.Event) -> None:
        while self.busy() and not wake.is_set():
            await asyncio.sleep(0.0005)
        if not wake.is_set():
            self.pass_ns(nanoseconds)
        await asyncio.sleep(0)
