import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.agent import upkeep
from probe.agent.agent import Agent
from probe.agent.clock import SystemClock
from probe.agent.load import load_agent
from probe.model.record import GapRecord, Heartbeat, decode_record
from probe.model.result import Timekeeping
from probe.spool import loss, queue
from probe.spool.database import Database
from probe.spool.loss import Origin, Unwritten
from tests.agent.recording import heartbeat
from tests.clock import FakeClock
from tests.conftest import Serve
from tests.export.receiver import Receiver, answer

JOURNEY = "journey: browse\nschedule: {every: 1m}\nsteps: [{name: look, wait: 1ms}]\n"
DAY = 24 * 3600 * 10**9


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    (tmp_path / "browse.yaml").write_text(JOURNEY)
    path = tmp_path / "agent.yaml"
    path.write_text(
        "region: here\nagent: me\njourneys: [browse.yaml]\nexport: [{jsonl: {path: out}}]\n"
        "heartbeat: 10s\nspool: {size: 2KiB, age: 1h}\n"
    )
    database = await Database.open(tmp_path / "state")
    agent = Agent(path, load_agent(path), database, {}, FakeClock())
    await agent.begin()
    yield agent
    await database.close()


async def waiting(agent: Agent) -> list[object]:
    rows = await agent.database.run(lambda c: c.execute("SELECT body FROM record ORDER BY seq").fetchall())
    return [decode_record(body) for (body,) in rows]


async def test_a_heartbeat_says_who_lives_and_how_its_ledger_stands(agent: Agent) -> None:
    agent.notices = ["look here"]
    agent.egress.note("8.8.4.4")
    agent.egress.note("8.8.8.8")
    change = "the IPv4 egress address changed from 8.8.4.4 to 8.8.8.8 at 2026-11-02 00:00 UTC"
    await upkeep.tell(agent)
    (beat,) = await waiting(agent)
    assert isinstance(beat, Heartbeat)
    assert (beat.region, beat.agent, beat.every_ns, beat.notices) == ("here", "me", 10**10, ("look here", change))
    (account,) = beat.accounts
    planned = agent.loaded.planned[0]
    assert (account.journey, account.every_ns, account.offset_ns) == ("browse", 60 * 10**9, planned.grid.offset_ns)
    assert (account.definition, account.adds_up) == (planned.journey.definition, True)


async def test_an_agent_learns_from_its_hub_under_which_address_it_is_seen(tmp_path: Path, serve: Serve) -> None:
    reply = answer(200, '{"new": 1, "duplicate": 0, "quarantined": 0, "refused": [], "seen_from": "8.8.4.4"}')
    (tmp_path / "browse.yaml").write_text(JOURNEY)
    path = tmp_path / "agent.yaml"
    url = await serve(Receiver(reply).talk)
    path.write_text(f"region: here\nagent: me\njourneys: [browse.yaml]\nexport: [{{hub: {{url: '{url}'}}}}]\n")
    database = await Database.open(tmp_path / "state")
    agent = Agent(path, load_agent(path), database, {}, SystemClock())
    await agent.begin()
    await upkeep.tell(agent)
    agent.deliveries.finish(10**10)
    await agent.deliveries.run()
    await database.close()
    assert agent.egress.addresses == ("8.8.4.4",)


async def test_a_heartbeat_says_how_the_machines_clock_is_kept(agent: Agent) -> None:
    assert isinstance(agent.clock, FakeClock)
    agent.clock.kept = Timekeeping(synchronised=False, error_ns=16 * 10**9)
    await upkeep.tell(agent)
    (beat,) = await waiting(agent)
    assert isinstance(beat, Heartbeat)
    assert beat.timekeeping == agent.clock.kept


async def test_the_last_heartbeat_says_that_the_agent_is_stopping(agent: Agent) -> None:
    agent.stop()
    await upkeep.tell(agent)
    (beat,) = await waiting(agent)
    assert isinstance(beat, Heartbeat)
    assert beat.notices == ("stopping",)


async def test_heartbeats_go_on_until_they_are_cancelled(agent: Agent) -> None:
    task = asyncio.ensure_future(upkeep.beat(agent))
    async with asyncio.timeout(5):
        while not await waiting(agent):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_too_much_is_dropped_and_told(agent: Agent) -> None:
    await agent.database.run(lambda connection: queue.append(connection, [heartbeat() for _ in range(50)]))
    await upkeep.bound(agent)
    kept, size = await agent.database.run(queue.totals)
    dropped = (await agent.database.run(loss.dropped))["jsonl out"]["size"]
    assert (kept + dropped, size <= 2048) == (50, True)
    await agent.database.run(lambda c: loss.tell(c, "jsonl out", Origin("here", "me", "production"), 0))
    gap = (await waiting(agent))[-1]
    assert isinstance(gap, GapRecord)
    assert (gap.reason, gap.lost) == ("size", {"jsonl out": dropped})


async def test_what_is_too_old_is_dropped(agent: Agent) -> None:
    await agent.database.run(lambda connection: queue.append(connection, [heartbeat()]))
    assert isinstance(agent.clock, FakeClock)
    agent.clock.pass_ns(DAY)
    await upkeep.bound(agent)
    assert await agent.database.run(loss.dropped) == {"jsonl out": {"age": 1}}


async def test_what_the_memory_had_no_room_for_is_counted(agent: Agent) -> None:
    agent.writer.lost = Unwritten().add([heartbeat(), heartbeat()])
    await upkeep.bound(agent)
    assert (await agent.database.run(loss.dropped), agent.writer.lost) == ({"jsonl out": {"disk": 2}}, Unwritten())
