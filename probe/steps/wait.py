from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probe.model.duration import Duration
from probe.model.observation import Observation, Seen
from probe.model.timing import Phase
from probe.steps.base import TIME_LIMIT, Options, Performance

Action = Duration
DESCRIPTION = "Do nothing for a while, as a user who reads."
SHOWS: frozenset[Seen] = frozenset()


def time_limit(action: Duration) -> int:
    return action + TIME_LIMIT


@asynccontextmanager
async def open_session(options: Options) -> AsyncIterator[None]:
    yield


async def perform(action: Duration, session: None, performance: Performance) -> Observation:
    import asyncio

    clock = performance.options.clock
    started = clock()
    await asyncio.sleep(action / 1e9)
    ended = clock()
    return Observation(started, ended, {Phase.OTHER: ended - started})
