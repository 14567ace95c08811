import time
from pathlib import Path

from probe.agent.agent import Agent
from probe.agent.load import load_agent
from probe.agent.standing import status_of
from probe.agent.throttle import Throttle
from probe.model.result import Timekeeping
from probe.spool.database import Database
from tests.clock import FakeClock

JOURNEY = "journey: {name}\nschedule: {{every: 1m}}\nsteps: [{{name: look, wait: 1ms}}]\n"


async def test_a_status_says_what_is_planned_and_what_is_not(tmp_path: Path) -> None:
    for name in ("browse", "pay"):
        (tmp_path / f"{name}.yaml").write_text(JOURNEY.format(name=name))
    path = tmp_path / "agent.yaml"
    path.write_text(
        "region: here\nagent: me\njourneys: [browse.yaml, pay.yaml]\noverrides: {pay: {enabled: false}}\n"
        "concurrency: 3\nspool: {size: 1MiB}\nexport: [{jsonl: {path: out}}]\n"
    )
    database = await Database.open(tmp_path / "state")
    agent = Agent(path, load_agent(path), database, {}, FakeClock())
    assert (await status_of(agent)).why_not_ready == "starting"
    await agent.begin()
    status = await status_of(agent)
    browse, pay = status.journeys
    assert browse.account is not None
    assert (browse.journey, browse.account.adds_up, browse.running, browse.last, browse.disabled) == (
        "browse",
        True,
        False,
        None,
        False,
    )
    assert browse.next_due is not None
    assert 0 <= (browse.next_due - status.now).total_seconds() <= 60
    assert (pay.journey, pay.account, pay.disabled) == ("pay", None, True)
    assert (status.ready, status.concurrency, status.spool_limit_bytes) == (True, 3, 2**20)
    assert [(each.exporter, each.state) for each in status.exporters] == [("jsonl out", "waiting")]
    agent.stop()
    assert (await status_of(agent)).why_not_ready == "stopping"
    agent.writer.trouble = "disk full"
    assert (await status_of(agent)).why_not_ready == "the state folder takes no writes: disk full"
    await database.close()


async def test_a_status_says_what_stood_in_the_agents_way(tmp_path: Path) -> None:
    (tmp_path / "browse.yaml").write_text(JOURNEY.format(name="browse"))
    path = tmp_path / "agent.yaml"
    path.write_text("region: here\nagent: me\njourneys: [browse.yaml]\n")
    database, clock = await Database.open(tmp_path / "state"), FakeClock()
    agent = Agent(path, load_agent(path), database, {}, clock)
    clock.kept = Timekeeping(synchronised=True, error_ns=5)
    agent.vitals.pauses.note(time.monotonic_ns(), 7_000_000)
    agent.vitals.throttle = Throttle(tmp_path)  # where nothing tells
    for address in ("8.8.4.4", "8.8.8.8"):
        agent.egress.note(address)
    status = await status_of(agent)
    await database.close()
    assert (status.egress, status.notices) == (("8.8.8.8",), agent.egress.notices())
    assert (status.gc_worst_ns, status.gc_seconds_total) == (7_000_000, 0.007)
    assert (status.throttled_seconds_total, status.timekeeping) == (None, clock.kept)
