from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from probe.evaluate.scope import Scope
from probe.model.duration import Duration
from probe.model.observation import Observation
from probe.model.timing import Phase
from probe.steps import wait
from probe.steps.base import TIME_LIMIT, Options, Performance


async def test_a_wait_is_all_the_agents_own_time() -> None:
    instants: Iterator[int] = iter([100, 350])
    options = Options(clock=instants.__next__, user_agent="test")
    performance = Performance(Scope({}, lambda: datetime.now(UTC), Random(0)), options)
    async with wait.open_session(options) as session:
        seen = await wait.perform(Duration(1_000_000), session, performance)
    assert seen == Observation(100, 350, {Phase.OTHER: 250})
    assert (performance.exchanges, performance.sent) == ([], False)


def test_a_wait_may_take_as_long_as_it_says() -> None:
    assert wait.time_limit(Duration(60 * 10**9)) == 60 * 10**9 + TIME_LIMIT
