"""What the agent does beside runs: it tells the centre that it lives, looks at its controls, bounds its state."""

import asyncio
import logging
import sqlite3
import time
from contextlib import suppress
from sqlite3 import Connection
from uuid import uuid4

from msgspec.structs import replace

from probe import __version__
from probe.agent.agent import Agent
from probe.agent.writer import Change
from probe.model.duration import NANOSECONDS
from probe.model.instant import datetime_of
from probe.model.record import Heartbeat
from probe.model.slot import Account
from probe.spool import ledger, loss, queue
from probe.spool.loss import Unwritten

KEPT_NS = 7 * NANOSECONDS["d"]
"""How long the ledger remembers single slots."""

_CONTROL_S = 30.0
_UPKEEP_S = 5.0
_SECRETS_S = 300.0

log = logging.getLogger("probe.agent")


async def look_at_controls(agent: Agent) -> None:
    """Every 30 s, until cancelled: it is known what they say before a run fails."""
    while True:
        sound = agent.controls.sound
        if await agent.controls.look() is not sound:
            log.log(logging.INFO if agent.controls.sound else logging.ERROR, "control targets: %s", _told(agent))
        await asyncio.sleep(_CONTROL_S)


def _told(agent: Agent) -> str:
    return ", ".join(f"{state.target} {state.message or 'reached'}" for state in agent.controls.states)


async def beat(agent: Agent) -> None:
    """A heartbeat now and at every interval, until cancelled."""
    since_ns = time.monotonic_ns()
    while True:
        with suppress(sqlite3.DatabaseError):  # the writer tells of the disk's trouble
            await tell(agent, since_ns)
        since_ns = time.monotonic_ns()
        await asyncio.sleep(agent.loaded.config.heartbeat / 1e9)


async def tell(agent: Agent, since_ns: int = 0) -> None:
    """Puts one heartbeat into the spool; nothing while the disk takes no writes, for it would only fill the memory."""
    if not agent.loaded.config.export or agent.writer.unwritten:
        return
    since = agent.clock.read().wall_ns - KEPT_NS
    accounts, kept, dropped = await agent.database.read(lambda connection: _facts(connection, since))
    config = agent.loaded.config
    definitions: dict[str, str] = {each.journey.name: each.journey.definition for each in agent.loaded.planned}

    def defined(account: Account) -> Account:
        return account if account.ended else replace(account, definition=definitions.get(account.journey, ""))

    heartbeat = Heartbeat(
        key=str(uuid4()),
        region=config.region,
        agent=config.agent,
        env=config.env,
        at=datetime_of(agent.clock.read().wall_ns),
        every_ns=int(config.heartbeat),
        probe=__version__,
        started_at=agent.started_at,
        accounts=tuple(map(defined, accounts)),
        controls_sound=agent.controls.sound,
        spool_records=kept[0],
        spool_bytes=kept[1],
        dropped=dropped,
        loop_delay_ns=agent.loop_watch.worst_since(since_ns),
        notices=(
            *agent.all_notices,
            *agent.effects.notices,
            *agent.deliveries.remarks,
            *(["stopping"] if agent.stopping else []),
        ),
        timekeeping=agent.clock.timekeeping(),
    )
    await agent.writer.write(Change(records=(heartbeat,)))


def _facts(connection: Connection, since_ns: int) -> tuple[list[Account], tuple[int, int], int]:
    dropped = sum(sum(counts.values()) for counts in loss.dropped(connection).values())
    return ledger.accounts(connection, since_ns), queue.totals(connection), dropped


async def refresh_secrets(agent: Agent) -> None:
    """Every 5 minutes, until cancelled: what a command prints may have changed."""
    while True:
        await asyncio.sleep(_SECRETS_S)
        await agent.secrets.refresh()  # it keeps what it had when a command fails


async def keep_in_bounds(agent: Agent) -> None:
    """Every 5 s, until cancelled: what waits in memory is written, what is too much or too old is dropped and told."""
    while True:
        await asyncio.sleep(_UPKEEP_S)
        if await agent.writer.flush():
            with suppress(sqlite3.DatabaseError):  # the writer tells of the disk's trouble
                await bound(agent)


async def bound(agent: Agent) -> None:
    """Drops what the spool has no room for, a piece at a time, and forgets single slots of long ago."""
    now_ns = agent.clock.read().wall_ns
    spool = agent.loaded.config.spool
    lost = agent.writer.lost
    await agent.database.run(lambda connection: loss.lose(connection, lost, "disk"))
    agent.writer.lost = Unwritten()  # nothing is given up while the disk takes writes
    while await agent.database.run(
        lambda connection: loss.bound(connection, most_bytes=spool.size, before_ns=now_ns - spool.age)
    ):
        agent.deliveries.wake()
    while await agent.database.run(lambda connection: ledger.forget(connection, now_ns - KEPT_NS)):
        pass
