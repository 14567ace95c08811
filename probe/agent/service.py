"""The agent as a process: everything it opens, what signals do, and the order in which it ends."""

import asyncio
import gc
import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from probe.agent import undoing, upkeep
from probe.agent.agent import Agent
from probe.agent.clock import SystemClock
from probe.agent.listen import listen
from probe.agent.load import Loaded
from probe.agent.standing import status_of
from probe.errors import ExitCode
from probe.model.duration import NANOSECONDS, format_duration
from probe.safety.secrets import Secrets
from probe.spool.database import Database
from probe.steps import KINDS
from probe.steps.base import Options

FLUSH_NS = 10 * NANOSECONDS["s"]
"""How long a stopping agent tries to deliver what is left; the rest waits in the spool for its next start."""

log = logging.getLogger("probe.agent")


async def serve(path: Path, loaded: Loaded, environ: Mapping[str, str], secrets: Secrets | None = None) -> None:
    """Runs the agent until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reloads."""
    async with AsyncExitStack() as closing:
        database = await Database.open(loaded.state)
        closing.push_async_callback(database.close)
        agent = Agent(path, loaded, database, environ, SystemClock(), secrets=secrets)
        closing.push_async_callback(agent.effects.close)
        url = await closing.enter_async_context(listen(loaded.config.listen, lambda: status_of(agent), agent.reload))
        with _signals(agent) as reloads, agent.vitals.pauses.watched():
            config, count = loaded.config, len(loaded.planned)
            log.info("agent %s of %s at %s: %d journeys", config.agent, config.region, url, count)
            await _live(agent, reloads)
    log.info("ended")


async def _live(agent: Agent, reloads: asyncio.Event) -> None:
    await _warm_up(agent.loaded)
    await agent.begin()
    async with asyncio.TaskGroup() as group:
        lasting = [
            group.create_task(work)
            for work in (
                agent.loop_watch.watch(),
                upkeep.look_at_controls(agent),
                upkeep.beat(agent),
                upkeep.keep_in_bounds(agent),
                undoing.take_back(agent),
                upkeep.refresh_secrets(agent),
                _reload_when_asked(agent, reloads),
            )
        ]
        group.create_task(agent.deliveries.run())
        await agent.follow_slots()
        for task in lasting:
            task.cancel()
        await upkeep.tell(agent)
        await agent.writer.flush()
        agent.deliveries.finish(FLUSH_NS)


async def _warm_up(loaded: Loaded) -> None:
    """Loads what steps need before the first run does: that would hold up the loop under the others."""
    options = Options(clock=time.perf_counter_ns, user_agent="")
    for kind in {step.kind for planned in loaded.planned for step in planned.journey.steps}:
        async with KINDS[kind].open_session(options):
            pass
    gc.collect()
    gc.freeze()  # what is there now stays: no collection looks at it again, and none of them takes long


async def _reload_when_asked(agent: Agent, reloads: asyncio.Event) -> None:
    """However often it was asked for while one went on, one more is enough."""
    while True:
        await reloads.wait()
        reloads.clear()
        await agent.reload()


@contextmanager
def _signals(agent: Agent) -> Iterator[asyncio.Event]:
    """Gives what is set when a reload is asked for with SIGHUP."""
    loop, reloads = asyncio.get_running_loop(), asyncio.Event()

    def on_end() -> None:
        if agent.stopping:
            log.error("stopped at once; runs under way are in the ledger as killed")
            os._exit(ExitCode.INTERRUPTED)
        log.info("stopping: running journeys may go on for %s", format_duration(agent.loaded.config.grace))
        agent.stop()

    handlers = {signal.SIGTERM: on_end, signal.SIGINT: on_end, signal.SIGHUP: reloads.set}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield reloads
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)
