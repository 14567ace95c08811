"""How the agent stands: for whoever asks at its address, and for the centre."""

import time
from sqlite3 import Connection

from msgspec import Struct

from probe import __version__
from probe.agent.agent import Agent
from probe.model.duration import NANOSECONDS
from probe.model.instant import datetime_of
from probe.model.slot import Account
from probe.model.status import AgentStatus, JourneyStatus, SlotCount
from probe.spool import ledger, queue

_RECENT_NS = 60 * NANOSECONDS["s"]


async def status_of(agent: Agent) -> AgentStatus:
    config = agent.loaded.config
    facts = await agent.database.read(_facts)
    now = agent.clock.read()
    return AgentStatus(
        region=config.region,
        agent=config.agent,
        env=config.env,
        probe=__version__,
        started_at=agent.started_at,
        now=datetime_of(now.wall_ns),
        ready=not agent.unready,
        why_not_ready=agent.unready,
        journeys=_journeys(agent, facts),
        exporters=tuple(await agent.deliveries.statuses()),
        controls=agent.controls.states,
        controls_sound=agent.controls.sound,
        runs=agent.runs.counted(),
        slots=tuple(SlotCount(*tally) for tally in facts.tallies),
        in_flight=agent.runs.in_flight,
        queued=agent.runs.queued,
        concurrency=config.concurrency,
        loop_delay_ns=agent.loop_watch.worst_since(time.monotonic_ns() - _RECENT_NS),
        loop_delay_seconds_total=agent.loop_watch.total_ns / 1e9,
        queue_seconds_total=agent.runs.queue_ns / 1e9,
        suspect_runs=agent.runs.suspects,
        spool_records=facts.kept[0],
        spool_bytes=facts.kept[1],
        spool_limit_bytes=config.spool.size,
        unwritten=agent.writer.unwritten,
        effects_open=agent.effects.open,
        effects_leaked=agent.effects.leaked,
        writes_stopped=agent.effects.stopped(),
        reloads=agent.reloads,
        reload_failures=agent.reload_failures,
        reloaded_at=agent.reloaded_at,
        notices=agent.all_notices,
        gc_seconds_total=agent.vitals.pauses.total_ns / 1e9,
        gc_worst_ns=agent.vitals.pauses.worst_since(time.monotonic_ns() - _RECENT_NS),
        throttled_seconds_total=None if (throttled := agent.vitals.throttle.total_ns()) is None else throttled / 1e9,
        timekeeping=agent.clock.timekeeping(),
        egress=agent.egress.addresses,
    )


class _Facts(Struct, frozen=True):
    accounts: list[Account]
    expected: dict[str, int]
    tallies: list[tuple[str, str, str, int]]
    kept: tuple[int, int]


def _facts(connection: Connection) -> _Facts:
    return _Facts(
        ledger.accounts(connection),
        ledger.expected(connection),
        ledger.tallies(connection),
        queue.totals(connection),
    )


def _journeys(agent: Agent, facts: _Facts) -> tuple[JourneyStatus, ...]:
    by_name = {account.journey: account for account in facts.accounts}
    planned = tuple(
        JourneyStatus(
            journey=name,
            account=by_name.get(name),
            next_due=None if (due := agent.timetable.due_ns(name)) is None else datetime_of(due),
            running=agent.timetable.is_running(name),
            last=agent.runs.last.get(name),
            expected=facts.expected.get(name, 0),
        )
        for name in (each.journey.name for each in agent.loaded.planned)
    )
    return (*planned, *(JourneyStatus(name, None, disabled=True) for name in agent.loaded.disabled))
