"""What a journey costs, beside the peers: CPU per journey of three requests on a connection of its own, 20 at once.

Everything of `probe` is in its figure: templates, checks, captures, the record. Of its two journeys one looks at the
page with a regular expression and the other with CSS selectors, for which 20 KB of HTML have to be parsed; the peers
only look at the status. All verify the server's certificate. Each client is a process of its own in every round,
warmed up before it is measured. `PROBE_BENCH_JOURNEYS` says how many journeys that are, `PROBE_BENCH_ROUNDS` how many
rounds.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.journeys.client import AT_ONCE, CALLS, Cost, Order
from bench.rounds import interleave, ratio, spread
from bench.target import Target, target

ROUNDS = int(os.environ.get("PROBE_BENCH_ROUNDS", "7"))
JOURNEYS = int(os.environ.get("PROBE_BENCH_JOURNEYS", "1000"))
OF_PROCESSES = max(JOURNEYS // 25, 20)
"""Journeys that are a process each: their cost is of another order."""
PEERS = Path(sys.executable).parent.parent / "peers" / "bin" / "python"
"""The Python of `make peers`."""
FLOOR, PROBE = "aiohttp with TraceConfig", "probe"
AIMS = {("HTTP", 3): 1.25, ("HTTPS", 3): 1.05}


class Peer(NamedTuple):
    module: str
    arguments: tuple[str, ...] = ()
    python: str = sys.executable
    journeys: int = JOURNEYS
    most_steps: int = len(CALLS)


def main() -> None:
    peers = dict(installed())
    with target() as shop:
        print(f"{ROUNDS} rounds, interleaved; {JOURNEYS} journeys each, {AT_ONCE} at once; against {shop.server}")
        for steps in (len(CALLS), 1):
            for scheme in ("HTTP", "HTTPS"):
                table(scheme, steps, interleave(dict(ways(peers, shop, scheme, steps)), ROUNDS))


def installed() -> Iterator[tuple[str, Peer]]:
    yield FLOOR, Peer("with_aiohttp")
    yield PROBE, Peer("with_probe", ("regex.yaml",))
    yield f"{PROBE}, CSS", Peer("with_probe", ("css.yaml",))
    if PEERS.exists():
        yield "locust FastHttpUser", Peer("with_locust", python=str(PEERS))
    else:
        print("without locust: `make peers` installs it")
    if shutil.which("prometheus-blackbox-exporter"):
        yield "blackbox_exporter", Peer("with_blackbox_exporter", most_steps=1)
    else:
        print("without blackbox_exporter: it is Debian's prometheus-blackbox-exporter")
    if shutil.which("curl"):
        yield "curl", Peer("with_curl", journeys=OF_PROCESSES)
    else:
        print("without curl: it is not installed")


def ways(peers: dict[str, Peer], shop: Target, scheme: str, steps: int) -> Iterator[tuple[str, Callable[[], Cost]]]:
    url = shop.http if scheme == "HTTP" else shop.https
    for name, peer in peers.items():
        if steps <= peer.most_steps:
            yield name, partial(cost, peer, Order(url, str(shop.ca), steps, peer.journeys))


def cost(peer: Peer, order: Order) -> Cost:
    command = [peer.python, "-m", f"bench.journeys.{peer.module}", *map(str, order), *peer.arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def table(scheme: str, steps: int, found: dict[str, list[Cost]]) -> None:
    floor = [cost.cpu_us for cost in found[FLOOR]]
    print(f"\n{scheme}, {'one step' if steps == 1 else f'{steps} steps'}: CPU per journey, per step, peak memory")
    for name, costs in found.items():
        each = [cost.cpu_us for cost in costs]
        median, peak = statistics.median(each), statistics.median(cost.peak_mib for cost in costs)
        aim = f"   aim ≤ {AIMS[scheme, steps]}" if name == PROBE and (scheme, steps) in AIMS else ""
        print(
            f"  {name:25} {median:7.0f} µs ({spread(each)}), {median / steps:6.0f} µs, {peak:4.0f} MiB,"
            f" {ratio(each, floor):5.2f} ×{aim}",
            flush=True,
        )


if __name__ == "__main__":
    main()
