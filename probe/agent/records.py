"""The records an agent makes of what is no run: slots without one, runs of which only the beginning is known."""

from uuid import uuid4

from probe import __version__
from probe.agent.config import AgentConfig
from probe.agent.grid import Grid
from probe.model.instant import datetime_of
from probe.model.record import SlotsRecord
from probe.model.result import SCHEMA, Cause, Failure, Run, Trigger, Verdict
from probe.model.slot import Reason, Slot, SlotState


def slot_of(grid: Grid, index: int) -> Slot:
    return Slot(index, grid.every_ns, datetime_of(grid.due_ns(index)))


def slots_record(
    config: AgentConfig, journey: str, grid: Grid, slots: tuple[int, int], state: SlotState, reason: Reason, at_ns: int
) -> SlotsRecord:
    """`slots` are the first and the last, inclusive."""
    return SlotsRecord(
        key=str(uuid4()),
        region=config.region,
        agent=config.agent,
        env=config.env,
        journey=journey,
        every_ns=grid.every_ns,
        offset_ns=grid.offset_ns,
        first=slots[0],
        last=slots[1],
        state=state,
        reason=reason,
        at=datetime_of(at_ns),
    )


def unfinished_run(
    config: AgentConfig, journey: str, run_id: str, slot: Slot, at_ns: int, message: str, definition: str = ""
) -> Run:
    """It blames the agent, and says that nobody knows what was done."""
    return Run(
        run_id=run_id,
        journey=journey,
        file="",
        region=config.region,
        agent=config.agent,
        trigger=Trigger.SCHEDULE,
        started_at=datetime_of(at_ns),
        duration_ns=0,
        verdict=Verdict.ERRORED,
        steps=(),
        probe=__version__,
        schema=SCHEMA,
        failure=Failure(Cause.AGENT, message),
        interrupted=True,
        env=config.env,
        slot=slot,
        definition=definition,
    )
