from msgspec import Struct

from probe.agent.grid import Grid
from probe.model.journey import Budget, EffectKind, Journey
from probe.model.slot import Placement


class Planned(Struct, frozen=True):
    """A journey as this agent runs it."""

    journey: Journey
    grid: Grid
    timeout_ns: int
    placement: Placement
    turn: int
    """The region's place among `turns` regions: with `rotate` it writes in the slots whose index leaves this rest."""
    turns: int
    budget: Budget | None = None
    frequent_writes: bool = False

    @property
    def takes_turns(self) -> bool:
        return self.placement is Placement.ROTATE

    @property
    def writes(self) -> bool:
        return any(step.effect is EffectKind.WRITE for step in (*self.journey.steps, *self.journey.always))

    def writes_in(self, index: int) -> bool:
        return not self.takes_turns or index % self.turns == self.turn

    @property
    def begins_with_a_write(self) -> bool:
        return self.journey.steps[0].effect is EffectKind.WRITE
