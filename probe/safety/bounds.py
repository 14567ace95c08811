"""What a journey must say before it may write beyond this machine, wherever it is run from."""

from collections.abc import Iterator

from probe.model.journey import Budget, Journey
from probe.model.place import Mistake
from probe.safety.budget import steps_beyond


def unbounded(journey: Journey, budget: Budget | None, where: str = "") -> Iterator[Mistake]:
    """The mistakes of a journey that writes: no budget (`where` one may stand besides), or secrets for anybody."""
    if budget is None:
        message = f"the journey {journey.name} writes and has no budget"
        yield Mistake(journey.place, message, f"add budget: {{writes_per_day: 100}}{where}")
    else:
        for step in steps_beyond(journey, budget):
            message = f"the budget of {journey.name} counts another currency than this step spends"
            yield Mistake(step.place, message, "amount_per_day and all amounts are of one currency")
    for name, secret in journey.secrets.items():
        if not secret.hosts:
            message = f"the secret {name} of {journey.name} may be sent to any host"
            yield Mistake(journey.place, message, "name the hosts it is for: hosts: [shop.example]")
