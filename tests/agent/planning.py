"""Journeys as an agent runs them, in a few words."""

from typing import Any

from probe.agent.grid import Grid, grid_of
from probe.agent.planned import Planned
from probe.model.duration import NANOSECONDS
from probe.model.slot import Placement
from probe.spec.load import read_journey
from probe.spec.source import Source

READS = "  - {name: look, http: {get: 'http://127.0.0.1:1/'}}\n"
WRITES = "  - {name: pay, effect: write, http: {post: 'http://127.0.0.1:1/'}}\n"


def plan(name: str = "browse", steps: str = READS, every_ns: int = 60 * NANOSECONDS["s"], **more: Any) -> Planned:
    journey = read_journey(Source(f"{name}.yaml", f"journey: {name}\nsteps:\n{steps}"))
    placement = more.get("placement", Placement.INTERLEAVE)
    turn, turns = more.get("turn", 0), more.get("turns", 1)
    grid: Grid = more.get("grid") or grid_of(name, every_ns, placement, turn, turns)
    return Planned(journey, grid, every_ns, placement, turn, turns, more.get("budget"))
