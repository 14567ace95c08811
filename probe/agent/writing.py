"""What an agent that may write beyond its machine asks of the journeys that do."""

from collections.abc import Iterator

from probe.agent.config import AgentConfig, Writes
from probe.agent.planned import Planned
from probe.model.duration import NANOSECONDS, format_duration
from probe.model.place import Mistake
from probe.safety.budget import steps_beyond

RAREST_NS = 15 * NANOSECONDS["m"]
"""A journey that writes more often says that this is meant: `frequent_writes: true`."""


def unsafe_writes(config: AgentConfig, planned: Planned) -> Iterator[Mistake]:
    if config.writes is Writes.DENY or not planned.writes:
        return
    journey, hint = planned.journey, f"there, or under overrides: {{{planned.journey.name}: …}}"
    if planned.budget is None:
        message = f"the journey {journey.name} writes and has no budget"
        yield Mistake(journey.place, message, f"add budget: {{writes_per_day: 100}}, {hint}")
    else:
        for step in steps_beyond(journey, planned.budget):
            message = f"the budget of {journey.name} counts another currency than this step spends"
            yield Mistake(step.place, message, "amount_per_day and all amounts are of one currency")
    every_ns = planned.grid.every_ns * (planned.turns if planned.takes_turns else 1)
    if every_ns < RAREST_NS and not planned.frequent_writes:
        message = f"the journey {journey.name} would write every {format_duration(every_ns)}"
        hint = "write every 15m or less often, or add frequent_writes: true to the schedule"
        yield Mistake(journey.place, message, hint)
    for name, secret in journey.secrets.items():
        if not secret.hosts:
            message = f"the secret {name} of {journey.name} may be sent to any host"
            yield Mistake(journey.place, message, "name the hosts it is for: hosts: [shop.example]")
