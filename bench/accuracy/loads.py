"""How much a client has to do: one journey after the other, 150 begun every second, or 200 always under way."""

import asyncio
import itertools
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator

import msgspec
import uvloop

from bench.accuracy.reading import Reading, Readings, Target, say

LOADS = {"idle": "one at a time", "paced": "150 journeys/s", "crowded": "200 in flight", "far": "20 in flight"}
_AT_ONCE = {"idle": 1, "crowded": 200, "far": 20}
_EVERY_S = 1 / 150

Journey = Callable[[int], Awaitable[list[Reading]]]


async def drive(load: str, seconds: float, journey: Journey) -> Readings:
    """The journeys that end within so many seconds, or were under way then."""
    readings: list[Reading] = []
    began, used = time.monotonic(), _cpu_s()
    until = began + seconds
    numbers = itertools.count()

    async def travel(number: int) -> None:
        readings.extend(await journey(number))

    async def one_after_another() -> None:
        while time.monotonic() < until:
            await travel(next(numbers))

    async with asyncio.TaskGroup() as tasks:
        if load == "paced":
            for due in _schedule(began, until):
                await asyncio.sleep(max(due - time.monotonic(), 0))
                tasks.create_task(travel(next(numbers)))
        else:
            for _ in range(_AT_ONCE[load]):
                tasks.create_task(one_after_another())
    return Readings(readings, (_cpu_s() - used) / (time.monotonic() - began))


def work(client: Callable[[Target], Coroutine[None, None, Readings]]) -> None:
    """The main program of a client: a Target on standard input, Readings on standard output."""
    target = msgspec.json.decode(sys.stdin.buffer.read(), type=Target)
    say(uvloop.run(client(target)))


def _schedule(began: float, until: float) -> Iterator[float]:
    due = began
    while due < until:
        yield due
        due += _EVERY_S


def _cpu_s() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)
