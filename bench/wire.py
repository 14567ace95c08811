"""What the wire costs: CPU per journey of three requests on a connection of its own, 20 journeys at once.

The kernel's clock, Python's clock and a bare aiohttp with TraceConfig, side by side in one process: rounds are
interleaved, medians taken, and the ratios to aiohttp are the figures to compare. `PROBE_BENCH_JOURNEYS` says how many
journeys a round has.
"""

import asyncio
import os
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial

import uvloop

from bench.cost import spent
from bench.journeys.client import CALLS, JSON, all_of, trust
from bench.journeys.with_aiohttp import bare
from bench.rounds import interleave, ratio, spread
from bench.target import target
from probe.model.timing import Clock
from probe.wire.body import Body
from probe.wire.client import open_client
from probe.wire.marks import Marks
from probe.wire.request import Request

ROUNDS = 7
JOURNEYS = int(os.environ.get("PROBE_BENCH_JOURNEYS", "1000"))
FLOOR = "aiohttp with TraceConfig"

Journey = Callable[[str, ssl.SSLContext], Awaitable[None]]


async def over(clock: Clock, url: str, context: ssl.SSLContext) -> None:
    async with open_client(time.perf_counter_ns, "bench", context, clock) as client:
        for method, path, body in CALLS:
            marks = Marks(time.perf_counter_ns)
            await client.send(
                Request(method, url + path, tuple(JSON.items()) if body else (), Body((body,)) if body else None), marks
            )
            marks.phases()


WAYS: dict[str, Journey] = {
    FLOOR: bare,
    "kernel's clock": partial(over, Clock.KERNEL),
    "Python's clock": partial(over, Clock.USER),
}


def main() -> None:
    with target() as shop, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        context = trust(str(shop.ca))
        for name, url in (("HTTP", shop.http), ("HTTPS", shop.https)):
            ways = {way: partial(cpu_us, runner, partial(journey, url, context)) for way, journey in WAYS.items()}
            table(name, interleave(ways, ROUNDS))


def cpu_us(runner: asyncio.Runner, journey: Callable[[], Awaitable[None]]) -> float:
    """CPU microseconds per journey, user and system."""
    with spent() as cost:
        runner.run(all_of(journey, JOURNEYS))
    return cost.cpu_s / JOURNEYS * 1e6


def table(name: str, found: dict[str, list[float]]) -> None:
    for way, costs in found.items():
        cost, times = statistics.median(costs), ratio(costs, found[FLOOR])
        print(f"{name:5} {way:25} {cost:6.0f} µs of CPU per journey ({spread(costs)}), {times:.2f} ×", flush=True)


if __name__ == "__main__":
    main()
