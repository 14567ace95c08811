"""An agent that is killed at any moment loses no finished run, doubles none, and accounts for what was under way."""

import asyncio
import json
import os
import random
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from probe.demo.shop import Faults, Shop
from probe.hub.app import Hub
from tests.agent.lives import end, start, zygote

KILLS = int(os.environ.get("PROBE_KILLS", "50"))
JOURNEYS = 8

JOURNEY = """\
journey: journey {number}
schedule: {{every: 1s, timeout: 5s}}
variables: {{shop: "{shop}"}}
steps:
  - {{name: look, http: {{get: "${{shop}}/healthz"}}}}
  - {{name: product, http: {{get: "${{shop}}/products/TSHIRT-M"}}}}
"""
AGENT = """\
region: here
agent: me
journeys: ["*.journey"]
state: state
listen: 127.0.0.1:0
heartbeat: 1s
logging: {{level: error}}
export: [{{hub: {{url: "{hub}"}}}}]
"""


def rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "state" / "runs.db")) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("seed", [20261125])
async def test_no_finished_run_is_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    async with Hub(tmp_path / "hub") as hub, Shop() as shop, zygote() as process:
        shop.faults = Faults(header_delay=0.05)  # so that there is something under way at most moments
        for number in range(JOURNEYS):
            (tmp_path / f"{number}.journey").write_text(JOURNEY.format(number=number, shop=shop.url))
        config = tmp_path / "agent.yaml"
        config.write_text(AGENT.format(hub=hub.url))
        for _ in range(KILLS):
            pid = await start(process, config)
            await asyncio.sleep(dice.uniform(0.05, 0.7))
            await end(pid, signal.SIGKILL)
        pid = await start(process, config)
        await asyncio.sleep(1)
        await end(pid, signal.SIGTERM)

        waiting = rows(tmp_path, "SELECT count(*) FROM record")
        ran = dict(rows(tmp_path, "SELECT run_id, reason FROM slot WHERE state = 'ran'"))
        with closing(sqlite3.connect(next((tmp_path / "hub").glob("*.db")))) as connection:
            at_hub = [run_id for (run_id,) in connection.execute("SELECT run_id FROM run")]
        runs = {run_id: hub.store.run(run_id) for run_id in at_hub}
        ledger = rows(tmp_path, "SELECT next - first - ran - skipped - missed FROM era")
        under_way = rows(tmp_path, "SELECT count(*) FROM slot WHERE state = 'running'")
    reasons = Counter(ran.values())
    print(json.dumps({"kills": KILLS, "finished": reasons[""], "killed under way": reasons["killed"]}))
    assert (waiting, set(ledger), under_way) == ([(0,)], {(0,)}, [(0,)])
    assert sorted(ran) == sorted(at_hub)
    killed = {run_id for run_id, run in runs.items() if run is not None and run.interrupted}
    assert killed == {run_id for run_id, reason in ran.items() if reason == "killed"}
    assert reasons[""] > KILLS // 10
    assert reasons["killed"] > 0
