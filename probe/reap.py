"""Undoes a write that another process, or another run, left behind."""

import asyncio
from contextlib import AsyncExitStack
from uuid import UUID

from msgspec.structs import replace

from probe.interrupt import Interrupt
from probe.model.duration import format_duration
from probe.model.instant import nanoseconds_of
from probe.model.journey import IDEMPOTENCY_KEY, Journey, Undo
from probe.model.result import Cause, Effect, Failure, Run, Section
from probe.runner import Running, unwatched
from probe.safety.journal import Entry, not_undone, undone
from probe.settings import Clocks, Settings
from probe.writes import Writes


async def undo_later(
    journey: Journey, entry: Entry, settings: Settings, clocks: Clocks | None = None
) -> tuple[Run, Entry]:
    """The run that undid the write, or tried to, and the entry as it is to be in the journal now.

    Secrets come from the environment again. `undo.login` is performed first, `undo.find` when something is missing.
    """
    clocks = clocks or Clocks()
    known = {name: value for name, value in entry.values.items() if name in journey.variables}
    running = Running(journey, replace(settings, variables=known), clocks, unwatched, Interrupt())
    running.writes = Writes(
        journey, settings, UUID(entry.run_id), running.scope, running.redactor, clocks.now
    )  # an undo that is sent again has the same key
    async with AsyncExitStack() as sessions:
        running.sessions = sessions
        failure = await _undo(running, entry)
        await running.close()
    running.failure = running.failure or failure
    running.duration_ns = running.clock()
    why = running.failure.message if running.failure else ""
    after = not_undone(entry, running.redactor.text(why), nanoseconds_of(clocks.now())) if why else undone(entry)
    effect = Effect(entry.step, after.state, undoable=True, key=entry.key)
    return replace(running.record(), effects=(effect,)), after


async def _undo(running: Running, entry: Entry) -> Failure | None:
    """Why it was not undone."""
    undo = next((step.undo for step in running.journey.steps if step.name == entry.step), None)
    if undo is None:
        message = f"the journey {running.journey.name} does not say any more how to undo {entry.step}"
        return Failure(Cause.SCRIPT, message, running.journey.place)
    if failure := running.fill_scope():
        return failure
    for name, value in entry.values.items():
        running.scope.set(name, value)
    running.scope.set(IDEMPOTENCY_KEY, entry.key)
    limit = running.journey.cleanup_timeout
    try:
        async with asyncio.timeout(limit / 1e9):
            return await _log_in_and_undo(running, undo, entry.opened_ns)
    except TimeoutError:
        return Failure(Cause.TIMEOUT, f"the undo's time of {format_duration(limit)} ran out")


async def _log_in_and_undo(running: Running, undo: Undo, written_ns: int) -> Failure | None:
    stage = running.stage()
    for step in undo.login:
        outcome = await running.perform(step, stage, Section.UNDO)
        if outcome.result.failure is not None:
            return outcome.result.failure
    why = await running.take_back(undo, stage, written_ns)
    last = running.results[-1].failure
    return None if not why else last or Failure(Cause.SCRIPT, why, undo.place)
