"""Regions at some distance from the shop, on one machine: a relay for each, in front of the shop's HTTPS port.

TCP's own handshake is the kernel's and is not delayed: distance shows in tls, processing and transfer.
"""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from probe.demo.accept import accept

CHUNK = 2**16
IN_FLIGHT = 64
"""Chunks on their way at once, per direction: 4 MiB, so that no distance here lowers the bandwidth."""

_WRITTEN = re.compile(r"([\w.-]+)=(\d+(?:\.\d+)?)ms(?:,tls=(\d+(?:\.\d+)?)ms(?:,after=(\d+)s)?)?", re.ASCII)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds

_Flight = asyncio.Queue[tuple[float, bytes | None]]
"""When it arrives, and what: b"" is the end, None a reset."""


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a region is: `delay` seconds one way, and `tls` more for the shop's first answer on a connection, from
    `after` seconds on.
    """

    region: str
    delay: float
    tls: float = 0.0
    after: float = 0.0


def parse_distance(text: str) -> Distance:
    """ValueError unless it is like `eu-west-1=9ms` or `eu-west-1=9ms,tls=150ms,after=30s`; `after` may be left out."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError(f"expected REGION=9ms or REGION=9ms,tls=150ms,after=30s, got {text!r}")
    region, delay, tls, after = written.groups()
    return Distance(region, float(delay) / 1000, float(tls or 0) / 1000, float(after or 0))


@asynccontextmanager
async def keep_apart(port: int, distances: Sequence[Distance]) -> AsyncIterator[dict[str, str]]:
    """The URL where each region finds the shop, whose HTTPS port is on this machine."""
    async with AsyncExitStack() as relays:
        urls = {}
        for distance in distances:
            listening = socket.create_server(("127.0.0.1", 0), backlog=512)
            urls[distance.region] = f"https://localhost:{listening.getsockname()[1]}"
            slow_from = asyncio.get_running_loop().time() + distance.after
            await relays.enter_async_context(accept(listening, _Relay(port, distance, slow_from).carry))
        yield urls


@dataclass(frozen=True, slots=True)
class _Relay:
    port: int
    distance: Distance
    slow_from: float
    """By the loop's clock."""

    async def carry(self, near: socket.socket) -> None:
        with near, socket.socket() as far:
            far.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(far, ("127.0.0.1", self.port))
                await self._both_ways(near, far)
            except* OSError:  # one end was reset, or is not there: the other end is told the same way
                for end in (near, far):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    async def _both_ways(self, near: socket.socket, far: socket.socket) -> None:
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there, back = _Flight(IN_FLIGHT), _Flight(IN_FLIGHT)
        extra = self.distance.tls if asyncio.get_running_loop().time() >= self.slow_from else 0.0
        async with asyncio.TaskGroup() as ways:
            ways.create_task(self._depart(near, there))
            ways.create_task(_arrive(there, far))
            ways.create_task(self._depart(far, back, extra))
            ways.create_task(_arrive(back, near))

    async def _depart(self, source: socket.socket, flight: _Flight, extra: float = 0.0) -> None:
        """What comes next waits behind what is on its way already, so `extra` delays the whole first answer."""
        loop = asyncio.get_running_loop()
        chunk: bytes | None = b"?"
        while chunk:
            try:
                chunk = await loop.sock_recv(source, CHUNK)
            except OSError:
                chunk = None
            await flight.put((loop.time() + self.distance.delay + extra, chunk))
            extra = 0.0


async def _arrive(flight: _Flight, sink: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due, chunk = await flight.get()
        await asyncio.sleep(due - loop.time())
        if chunk is None:
            raise ConnectionResetError
        if not chunk:
            sink.shutdown(socket.SHUT_WR)
            return
        await loop.sock_sendall(sink, chunk)
