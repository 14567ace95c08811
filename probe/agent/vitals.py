"""What the agent's process spent, and what stood in its way."""

import time

from msgspec import Struct

from probe.agent.pauses import Pauses
from probe.agent.throttle import Throttle


class Spent(Struct, frozen=True):
    """Since the process or its control group began, in nanoseconds."""

    cpu_ns: int
    gc_ns: int
    throttled_ns: int | None


class Vitals:
    def __init__(self) -> None:
        self.pauses = Pauses()
        self.throttle = Throttle()

    def spent(self) -> Spent:
        return Spent(time.process_time_ns(), self.pauses.total_ns, self.throttle.total_ns())
