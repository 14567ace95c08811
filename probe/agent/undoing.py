"""The agent undoes what its writes left behind: at its start, then every minute, and by the pauses of the journal."""

import asyncio
import logging
import sqlite3
from pathlib import Path

from msgspec import MsgspecError

from probe.agent.agent import Agent
from probe.agent.writer import Change
from probe.errors import ProbeError
from probe.model.journey import Journey
from probe.model.network import NOTHING_SAID
from probe.model.record import RunRecord
from probe.model.result import EffectState, Trigger
from probe.reap import undo_later
from probe.safety.journal import Entry, not_undone
from probe.settings import Settings
from probe.spec.load import load_journey

EVERY_S = 60.0

log = logging.getLogger("probe.agent")


async def take_back(agent: Agent) -> None:
    """Until cancelled."""
    while True:
        try:
            await sweep(agent)
        except (ProbeError, sqlite3.Error, MsgspecError) as error:
            log.error("what writes left behind cannot be undone: %s", error)
        await asyncio.sleep(EVERY_S)


async def sweep(agent: Agent) -> None:
    """Tries once to undo everything whose turn it is."""
    for entry in await agent.effects.to_undo():
        journey = await _journey(agent, entry)
        if isinstance(journey, str):
            await agent.effects.put(not_undone(entry, journey, agent.clock.read().wall_ns))
            log.error("%s of %s cannot be undone: %s", entry.step, entry.journey, journey)
            continue
        try:
            async with agent.runs.accounts.of(journey.accounts):
                run, after = await undo_later(journey, entry, await _settings(agent))
        except ValueError as error:  # an entry that says nonsense must not keep the others from being undone
            after = not_undone(entry, f"the journal's entry is broken: {error}", agent.clock.read().wall_ns)
            await agent.effects.put(after)
            _tell(after)
            continue
        await agent.effects.put(after)
        _tell(after)
        await agent.writer.write(Change(records=(RunRecord(run),)))


async def _journey(agent: Agent, entry: Entry) -> Journey | str:
    """The journey the write was of, as it is now; or why there is none."""
    for planned in agent.loaded.planned:
        if planned.journey.name == entry.journey:
            return planned.journey
    try:
        journey = await asyncio.to_thread(load_journey, Path(entry.file))
    except ProbeError as error:
        return f"the journey {entry.journey} is not to be had: {error}"
    return journey if journey.name == entry.journey else f"{entry.file} holds another journey now"


async def _settings(agent: Agent) -> Settings:
    """Those of the agent's runs; what was written may be taken back even when nothing may be written any more."""
    config = agent.loaded.config
    return Settings(
        trigger=Trigger.MANUAL,
        region=config.region,
        agent=config.agent,
        environ=agent.environ,
        secrets=agent.secrets,
        network=config.network or NOTHING_SAID,
        writes_allowed=True,
        secret_defaults=False,
        env=config.env,
        journal=await agent.effects.journal(),
    )


def _tell(entry: Entry) -> None:
    match entry.state:
        case EffectState.UNDONE:
            log.warning("%s of %s is undone (key %s)", entry.step, entry.journey, entry.key)
        case EffectState.LEAKED:
            log.error("%s of %s is LEAKED: %s (key %s)", entry.step, entry.journey, entry.note, entry.key)
        case _:
            log.warning("%s of %s is not undone yet: %s (key %s)", entry.step, entry.journey, entry.note, entry.key)
