"""What an agent costs beside a shop's own workload: CPU and memory, with ten three-step HTTP journeys.

Each journey runs every minute, as a fleet would have it, and every six seconds, so that the price of a run can be told
from the price of being there. Prints shares of one core, and memory beside a Python that has only loaded aiohttp.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from bench.cost import cpu_s, rss_mib
from probe.demo.shop import Shop
from probe.hub.app import Hub

JOURNEYS = 10
SETTLE_S = 8
MEASURED_S = float(os.environ.get("PROBE_BENCH_SECONDS", "60"))

JOURNEY = """\
journey: journey {number}
schedule: {{every: {every}, timeout: 20s}}
variables: {{shop: "{shop}"}}
steps:
  - name: product
    http: {{get: "${{shop}}/products/TSHIRT-M"}}
    check: [{{status: 200}}, {{css: h1, contains: T-shirt}}]
    capture: {{csrf: {{css: "input[name=csrf]", attribute: value}}}}
  - name: add to cart
    http: {{post: "${{shop}}/cart", form: {{sku: TSHIRT-M, qty: 1, csrf: "${{csrf}}"}}}}
    check: [{{status: 303}}]
  - name: search
    http: {{get: "${{shop}}/api/search?q=shirt"}}
    check: [{{status: 200}}, {{jsonpath: "$.total", above: 0}}]
"""
AGENT = """\
region: here
agent: bench
journeys: ["*.journey"]
state: state
listen: 127.0.0.1:0
logging: {{level: warning}}
export: [{{hub: {{url: "{hub}"}}}}]
"""


class Cost(Struct, frozen=True):
    cpu_s: float
    rss_mib: float
    runs: int


async def measure(every: str) -> Cost:
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with Shop() as shop, Hub(folder / "hub") as hub:
            for number in range(JOURNEYS):
                text = JOURNEY.format(number=number, every=every, shop=shop.url)
                (folder / f"{number}.journey").write_text(text)
            (folder / "agent.yaml").write_text(AGENT.format(hub=hub.url))
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "probe", "agent", folder / "agent.yaml"
            )
            await asyncio.sleep(SETTLE_S)
            before, began_ns = cpu_s(process.pid), time.time_ns()
            await asyncio.sleep(MEASURED_S)
            cost = cpu_s(process.pid) - before, rss_mib(process.pid), time.time_ns()
            process.send_signal(signal.SIGTERM)
            await process.wait()
            journeys = hub.store.journeys()
            runs = sum(len(hub.store.runs(env, each, None, began_ns, cost[2], 10_000)) for env, each in journeys)
            return Cost(cost[0], cost[1], runs)


async def floor_mib() -> float:
    code = "import aiohttp; from bench.cost import rss_mib; print(rss_mib())"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return float(out)


async def main() -> None:
    floor = await floor_mib()
    slow, fast = await measure("1m"), await measure("6s")
    for every, cost in (("1m", slow), ("6s", fast)):
        share = 100 * cost.cpu_s / MEASURED_S
        print(
            f"{JOURNEYS} journeys every {every}: {share:.2f} % of a core, {cost.rss_mib:.1f} MiB "
            f"({cost.rss_mib / floor:.2f} × a Python with aiohttp, {floor:.1f} MiB), {cost.runs} runs at the hub"
        )
    per_run = 1000 * (fast.cpu_s - slow.cpu_s) / max(fast.runs - slow.runs, 1)
    print(f"one more run: {per_run:.2f} ms of CPU; aims: ≤ 1 % of a core and ≤ 60 MiB with ten journeys every minute")


if __name__ == "__main__":
    asyncio.run(main())
