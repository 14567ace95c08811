"""What an agent that may write beyond its machine asks of the journeys that do."""

from collections.abc import Iterator

from probe.agent.config import AgentConfig, Writes
from probe.agent.planned import Planned
from probe.model.duration import NANOSECONDS, format_duration
from probe.model.place import Mistake
from probe.safety.bounds import unbounded

RAREST_NS = 15 * NANOSECONDS["m"]
"""A journey that writes more often says that this is meant: `frequent_writes: true`."""


def unsafe_writes(config: AgentConfig, planned: Planned) -> Iterator[Mistake]:
    if config.writes is Writes.DENY or not planned.writes:
        return
    journey = planned.journey
    yield from unbounded(journey, planned.budget, f", there, or under overrides: {{{journey.name}: …}}")
    every_ns = planned.grid.every_ns * (planned.turns if planned.takes_turns else 1)
    if every_ns < RAREST_NS and not planned.frequent_writes:
        message = f"the journey {journey.name} would write every {format_duration(every_ns)}"
        hint = "write every 15m or less often, or add frequent_writes: true to the schedule"
        yield Mistake(journey.place, message, hint)
