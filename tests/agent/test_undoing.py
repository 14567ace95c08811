import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from probe.agent.agent import Agent
from probe.agent.clock import SystemClock
from probe.agent.load import load_agent
from probe.agent.undoing import sweep, take_back
from probe.demo.shop import Faults, Shop
from probe.evaluate.template import parse_text
from probe.model.network import Network
from probe.model.place import Place
from probe.model.record import RunRecord, decode_record
from probe.model.result import EffectState, Run, Trigger
from probe.runner import run_journey
from probe.safety import journal
from probe.safety.journal import Entry
from probe.spool.database import Database
from tests.paying import CARD, CHECKOUT, WITHOUT_UNDO, checkout, entries, settings

CONFIG = """\
region: here
agent: me
journeys: [checkout.yaml]
state: state
export: [{jsonl: {path: out}}]
"""


@pytest.fixture
async def agent(shop: Shop, tmp_path: Path) -> AsyncIterator[Agent]:
    """An agent that finds an order which was placed and not taken back."""
    left = await one_left(shop, tmp_path)
    schedule = "schedule: {every: 1h}\nvariables:"
    (tmp_path / "checkout.yaml").write_text(CHECKOUT.replace("variables:", schedule, 1))
    (tmp_path / "agent.yaml").write_text(CONFIG)
    path = tmp_path / "agent.yaml"
    database = await Database.open(tmp_path / "state")
    agent = Agent(path, load_agent(path), database, {"SHOP_URL": shop.url, "TEST_CARD": CARD}, SystemClock())
    await agent.begin()
    await agent.effects.put(left)
    yield agent
    await agent.effects.close()
    await database.close()


async def one_left(shop: Shop, folder: Path) -> Entry:
    (folder / "elsewhere").mkdir()
    database = await journal.open_journal(folder / "elsewhere")
    await run_journey(checkout(folder, WITHOUT_UNDO), settings(shop.url, database))
    (left,) = await entries(database)
    await database.close()
    return replace(left, undoable=True)


async def states(agent: Agent) -> list[tuple[EffectState, str]]:
    return [(each.state, each.note) for each in await entries(await agent.effects.journal())]


async def delivered(agent: Agent) -> list[Run]:
    rows = await agent.database.read(lambda c: c.execute("SELECT body FROM record ORDER BY seq").fetchall())
    records = [decode_record(body) for (body,) in rows]
    return [record.run for record in records if isinstance(record, RunRecord)]


async def test_what_was_left_behind_is_undone_and_told_to_the_centre(agent: Agent, shop: Shop) -> None:
    await sweep(agent)
    (run,) = await delivered(agent)
    assert (run.trigger, [effect.state for effect in run.effects]) == (Trigger.MANUAL, [EffectState.UNDONE])
    assert (await states(agent), shop.state["cancelled"], agent.effects.open) == ([(EffectState.UNDONE, "")], 1, 0)


async def test_an_undo_leaves_by_the_regions_network(agent: Agent, shop: Shop) -> None:
    network = Network(source=parse_text("203.0.113.7", Place("agent.yaml", 1, 1, 2)))
    agent.loaded = replace(agent.loaded, config=replace(agent.loaded.config, network=network))
    await sweep(agent)
    ((state, note),) = await states(agent)
    assert (state, "the source address 203.0.113.7 cannot be used" in note) == (EffectState.OPEN, True)


async def test_what_fails_waits_for_its_pause(agent: Agent, shop: Shop) -> None:
    shop.faults = Faults(status=503, path="/orders")
    for _ in range(3):
        await sweep(agent)
    assert (len(await delivered(agent)), (await states(agent))[0][0]) == (1, EffectState.OPEN)


async def test_a_journey_that_was_taken_out_is_read_from_its_file(agent: Agent, shop: Shop) -> None:
    agent.loaded = replace(agent.loaded, planned=())
    await sweep(agent)
    assert (await states(agent), shop.state["cancelled"]) == ([(EffectState.UNDONE, "")], 1)


async def test_a_journey_that_is_nowhere_is_said_to_be(agent: Agent, tmp_path: Path) -> None:
    agent.loaded = replace(agent.loaded, planned=())
    (tmp_path / "checkout.yaml").unlink()
    await sweep(agent)
    ((state, note),) = await states(agent)
    assert (state, note.startswith("the journey checkout is not to be had: ")) == (EffectState.OPEN, True)


async def test_an_undo_is_not_held_back_by_the_kill_switch(agent: Agent, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "state" / "stop-writes").touch()
    await sweep(agent)
    assert (bool(agent.effects.stopped()), shop.state["cancelled"]) == (True, 1)


async def test_it_is_done_from_the_start_on(agent: Agent, shop: Shop) -> None:
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        work = group.create_task(take_back(agent))
        while not shop.state["cancelled"]:
            await asyncio.sleep(0.01)
        work.cancel()
    assert shop.state["cancelled"] == 1


async def test_an_entry_that_says_nonsense_keeps_no_other_from_being_undone(agent: Agent, shop: Shop) -> None:
    (left,) = await entries(await agent.effects.journal())
    await agent.effects.put(replace(left, key="another", run_id="nonsense", opened_ns=left.opened_ns + 1))
    await sweep(agent)
    broken = "the journal's entry is broken: badly formed hexadecimal UUID string"
    assert (await states(agent), shop.state["cancelled"]) == ([(EffectState.UNDONE, ""), (left.state, broken)], 1)


async def test_a_row_that_cannot_be_read_ends_no_agent(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    await (await agent.effects.journal()).run(lambda connection: connection.execute("UPDATE effect SET body = x'7b7d'"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await take_back(agent)
    assert "what writes left behind cannot be undone" in caplog.text
