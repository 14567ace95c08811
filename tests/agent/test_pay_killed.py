"""An agent that pays is killed at any moment: never a second order, and none neither taken back nor in the journal."""

import asyncio
import json
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from probe.demo.shop import Faults, Shop
from tests.agent.lives import end, start, zygote

KILLS = int(os.environ.get("PROBE_PAY_KILLS", "25"))
JOURNEYS = 4
METHODS = ("post", "put")

JOURNEY = """\
journey: pay {number}
schedule: {{every: 1s, timeout: 5s}}
variables: {{shop: "{shop}"}}
steps:
  - name: browse
    http: {{get: "${{shop}}/products/TSHIRT-M"}}
    capture: {{csrf: {{css: "input[name=csrf]", attribute: value}}}}
  - {{name: fill, http: {{post: "${{shop}}/cart", form: {{sku: TSHIRT-M, qty: 1, csrf: "${{csrf}}"}}, follow: 1}}}}
  - name: pay
    effect: write
    http: {{{method}: "${{shop}}/pay", json: {{card: "4242424242424242"}}}}
    capture: {{order: {{jsonpath: $.order.id}}}}
    undo:
      login: [{{name: enter, http: {{get: "${{shop}}/healthz"}}}}]
      find:
        http: {{get: "${{shop}}/api/orders", params: {{key: "${{idempotency_key}}"}}}}
        absent: [{{status: 404}}]
        after: 1ms
        capture: {{order: {{jsonpath: $.id}}}}
      http: {{delete: "${{shop}}/orders/${{order}}"}}
"""
AGENT = """\
region: here
agent: me
journeys: ["*.journey"]
state: state
listen: 127.0.0.1:0
logging: {level: warning}
"""


def left_behind(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "state" / "effects.db")) as connection:
        return connection.execute("SELECT key, state FROM effect WHERE state != 'undone'").fetchall()


def moments(left: list[tuple[str, str]], shop: Shop) -> Iterator[str]:
    """How far each write had come when its agent was killed."""
    for key, state in left:
        order = shop.order_paid_with(key)
        if order is None:
            yield "in the journal, not placed"
        elif order.cancelled:
            yield "undone, not noted"
        else:
            yield "placed, no answer noted" if state == "unknown" else "answered, not undone"


@pytest.mark.parametrize("seed", [20261125])
async def test_no_order_is_placed_twice_or_left_behind(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    config = tmp_path / "agent.yaml"
    config.write_text(AGENT)
    async with Shop() as shop, zygote() as process:
        shop.faults = Faults(header_delay=0.06)  # so that there is a request under way at most moments
        for number in range(JOURNEYS):
            (tmp_path / f"{number}.journey").write_text(
                JOURNEY.format(number=number, shop=shop.url, method=METHODS[number % 2])
            )
        points: Counter[str] = Counter()
        for _ in range(KILLS):
            pid = await start(process, config)
            await asyncio.sleep(dice.uniform(0.1, 1.2))
            await end(pid, signal.SIGKILL)
            points.update(moments(left_behind(tmp_path), shop))
        for number in range(JOURNEYS):  # no further orders in the last life
            path = tmp_path / f"{number}.journey"
            path.write_text(path.read_text().replace("every: 1s", "every: 366d"))
        pid = await start(process, config)
        async with asyncio.timeout(60):
            while left_behind(tmp_path):
                await asyncio.sleep(0.05)
        await end(pid, signal.SIGTERM)
        state = shop.state
    print(json.dumps({"kills": KILLS, **points, "orders": state["orders"], "cancelled": state["cancelled"]}))
    assert (state["replays"], state["open_orders"]) == (0, 0)
    assert state["orders"] == state["cancelled"] > 0
    assert points["placed, no answer noted"] > 0
    assert len(points) >= 3 or KILLS < 100, "many kills strike nearly everywhere"
