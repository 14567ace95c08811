"""Everything the demo shows at work, as processes of this machine: the shop, the hub, an agent in each region."""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from msgspec import Struct

from probe.cli.child import Child, start_child

JOURNEYS = {"browse": "1s", "search": "1s", "checkout": "3s"}
"""How often each is run: as often as it can be, so that there is soon enough to compare."""


class Distance(Struct, frozen=True):
    """From a region to the shop, one way; `after_s` seconds on its TLS handshake takes `tls_ms` longer."""

    ms: int
    tls_ms: int = 0
    after_s: int = 0

    def __str__(self) -> str:
        """As `python -m probe.demo --distance` takes it."""
        return f"{self.ms}ms,tls={self.tls_ms}ms,after={self.after_s}s"


REGIONS = {
    "us-east-1": Distance(4),
    "eu-west-1": Distance(12, tls_ms=150, after_s=30),
    "ap-southeast-1": Distance(25),
}


class Fleet(Struct, frozen=True):
    url: str
    """Of the hub."""
    children: tuple[Child, ...]

    def require_alive(self) -> None:
        """ProbeError when one of them has ended."""
        for child in self.children:
            child.require_alive()


@contextmanager
def start_fleet(folder: Path, port: int) -> Iterator[Fleet]:
    """All of it, until the end of the block; the hub's page is at the port, or at a free one when it is in use."""
    with ExitStack() as stack:
        shop = stack.enter_context(start_child("the shop", _shop(folder), log=folder / "shop.log"))
        hub = stack.enter_context(start_child("the hub", _hub(folder, port), log=folder / "hub.log"))
        shops: dict[str, str] = shop.ready()["distances"]
        url = str(hub.ready()["url"]).rstrip("/")
        environ = {**os.environ, "SSL_CERT_FILE": str(_trust(folder)), "TEST_CARD": "4242424242424242"}
        agents = []
        for region, shop_url in shops.items():
            config = folder / f"{region}.yaml"
            config.write_text(json.dumps(_config(region, shop_url, url), indent=2))
            agents.append(_start_agent(region, config, environ, stack))
        stack.callback(_end_all, agents)  # at once, not one after the other
        yield Fleet(url, (shop, hub, *agents))


def _shop(folder: Path) -> list[str]:
    distances = [f"--distance={region}={distance}" for region, distance in REGIONS.items()]
    ports = ["--port=0", "--https-port=0", f"--ca-file={_trust(folder)}"]
    return ["probe.demo", *ports, *distances, "--stop-with-stdin"]


def _trust(folder: Path) -> Path:
    return folder / "ca.pem"


def _hub(folder: Path, port: int) -> list[str]:
    address = f"127.0.0.1:{_free_or(port)}"
    return ["probe", "hub", "--listen", address, "--data", str(folder / "hub"), "--stop-with-stdin"]


def _free_or(port: int) -> int:
    """The port if it is to be had; 0 takes a free one."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return port
    except OSError:
        return 0


def _start_agent(region: str, config: Path, environ: Mapping[str, str], stack: ExitStack) -> Child:
    name, log = f"the agent in {region}", config.with_suffix(".log")
    return stack.enter_context(start_child(name, ["probe", "agent", str(config)], log=log, environ=environ))


def _config(region: str, shop_url: str, hub_url: str) -> dict[str, Any]:
    """An agent's configuration; JSON is YAML too."""
    return {
        "region": region,
        "env": "demo",
        "agent": region,
        "regions": list(REGIONS),
        "journeys": [str(files("probe") / "demo" / "journeys" / f"{name}.yaml") for name in JOURNEYS],
        "variables": {"shop": shop_url},
        "overrides": {name: _override(every) for name, every in JOURNEYS.items()},
        "state": region,
        "listen": "127.0.0.1:0",
        "export": [{"hub": {"url": hub_url}}],
        "heartbeat": "2s",
        "grace": "3s",
    }


def _override(every: str) -> dict[str, Any]:
    """Slots that one can watch, and so many writes as they bring: the shop is ours."""
    return {"schedule": {"every": every, "timeout": "10s"}, "budget": {"writes_per_hour": 10_000}}


def _end_all(agents: list[Child]) -> None:
    for agent in agents:
        agent.end()
