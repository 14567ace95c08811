"""One client under one load, against packets: how far what it says is from what was on the wire."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.accuracy.capture import Packet, capturing
from bench.accuracy.reading import Asked, Reading, Readings, Target
from bench.accuracy.wire import Instants, connections, lookups

THINK_S = 0.01
"""What the server takes for an answer."""
_PROGRAM = [sys.executable, "-m"]


class Way(Struct, frozen=True):
    """How the client gets to the server."""

    device: str = "lo"
    server: str = "127.0.0.1"
    """Where it listens."""
    host: str = "127.0.0.1"
    """Where the client finds it."""

    def expression(self, ports: list[int]) -> str:
        """What the client sends and gets, for tcpdump."""
        any_port = " or ".join(map(str, ports))
        return f"(dst host {self.host} and dst port ({any_port})) or (src host {self.host} and src port ({any_port}))"


LOOPBACK = Way()


class Error(Struct, frozen=True):
    """What a client said of one exchange, less what was on the wire, in nanoseconds by figure."""

    size: int
    fresh: bool
    errors: dict[str, int]
    doubts: tuple[str, ...]
    admitted_ns: int = 0
    connect_ns: int | None = None
    rtt_ns: int | None = None
    """What it said of connecting and of the round trip."""


class Found(Struct, frozen=True):
    errors: list[Error]
    unmatched: int
    """Exchanges whose packets tcpdump did not see whole."""
    cpu: float


async def measure(client: str, scheme: str, load: str, seconds: float, folder: Path, way: Way = LOOPBACK) -> Found:
    """`client` is the module's name. The identity and the authority lie in the folder."""
    async with _served(folder, way) as (ports, asked):
        target = Target(
            scheme,
            way.host,
            port=ports[scheme == "https"],
            nameserver=f"127.0.0.1:{ports[2]}",
            authority=str(folder / "authority.pem"),
            load=load,
            seconds=seconds,
        )
        async with capturing(folder / "packets", way.device, way.expression(ports)) as capture:
            readings = await _visited(client, target)
    found = compare(readings.readings, asked, list(capture.packets()), target)
    return Found(found, len(readings.readings) - len(found), readings.cpu)


def compare(readings: list[Reading], asked: list[Asked], packets: list[Packet], target: Target) -> list[Error]:
    """The server says which connection an exchange went over."""
    by_client = connections(packets, target.port)
    resolved = lookups(packets, int(target.nameserver.rpartition(":")[2]))
    over = {(each.journey, each.step): each for each in asked}
    seen: dict[tuple[int, int], list[Instants | None]] = {}
    found = []
    for reading in readings:
        way = over[reading.journey, reading.step]
        place = way.port, way.connection
        if place not in seen:
            carried = by_client[way.port]
            whole = way.connection < len(carried)
            seen[place] = carried[way.connection].exchanges(tls=target.scheme == "https") if whole else []
        instants = seen[place][way.request] if way.request < len(seen[place]) else None
        if instants is not None:
            truth = instants.figures
            if (name := f"j{reading.journey}.shop.test") in resolved:
                truth["resolve"] = resolved[name]
            if "connect" in truth:
                truth["connect and tls"] = truth["connect"] + truth.get("tls", 0)
            errors = {figure: took - truth[figure] for figure, took in reading.figures.items() if figure in truth}
            size = target.size(reading.journey, reading.step)
            found.append(
                Error(
                    size,
                    fresh=way.request == 0,
                    errors=errors,
                    doubts=reading.doubts,
                    admitted_ns=reading.admitted_ns,
                    connect_ns=reading.figures.get("connect"),
                    rtt_ns=reading.figures.get("rtt"),
                )
            )
    return found


@asynccontextmanager
async def _served(folder: Path, way: Way) -> AsyncIterator[tuple[list[int], list[Asked]]]:
    """The ports of HTTP, HTTPS and names; and, once it is over, what was asked."""
    server = await asyncio.create_subprocess_exec(
        *_PROGRAM,
        "bench.accuracy.server",
        str(folder / "identity.pem"),
        str(THINK_S),
        way.server,
        way.host,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdin
    assert server.stdout
    pin(server.pid, 0)
    asked: list[Asked] = []
    try:
        yield [int(port) for port in (await server.stdout.readline()).split()], asked
    finally:
        server.stdin.close()
        asked += msgspec.json.decode(await server.stdout.read(), type=list[Asked])
        await server.wait()


async def _visited(client: str, target: Target) -> Readings:
    process = await asyncio.create_subprocess_exec(
        *_PROGRAM,
        f"bench.accuracy.{client}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    pin(process.pid, -1)
    said, _ = await process.communicate(msgspec.json.encode(target))
    if process.returncode:
        raise OSError(f"{client} ended with {process.returncode}")
    return msgspec.json.decode(said, type=Readings)


def pin(process: int, which: int) -> None:
    """A processor each, if there are two."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(process, {processors[which]})
