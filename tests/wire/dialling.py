"""A connection by the transports under test, and a protocol that writes down what it is told."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from probe.wire.stamps import ask_for_stamps, kernel_stamps
from probe.wire.tls import TlsTransport
from probe.wire.transport import StampedTransport


class Told:
    """`events` are the names of what it was told; `data` all that came."""

    def __init__(self, *, keep_open: bool = False, breaks_in: str = "") -> None:
        self.events: list[str] = []
        self.data = bytearray()
        self.stamps: list[int | None] = []
        self.error: Exception | None = None
        self.keep_open = keep_open
        self.breaks_in = breaks_in
        self.moved = asyncio.Event()
        self.when: dict[str, Callable[[], None]] = {}
        """What it does when it is told of an event."""

    async def until(self, event: str) -> None:
        async with asyncio.timeout(30):
            while event not in self.events:
                self.moved.clear()
                await self.moved.wait()

    async def until_came(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.data) < count:
                self.moved.clear()
                await self.moved.wait()

    async def until_read(self, times: int) -> None:
        async with asyncio.timeout(30):
            while len(self.stamps) < times:
                self.moved.clear()
                await self.moved.wait()

    def _note(self, event: str) -> None:
        self.events.append(event)
        self.moved.set()
        self.when.get(event, int)()
        if event == self.breaks_in:
            raise ZeroDivisionError(event)

    def connection_made(self, transport: Any) -> None:
        self._note("made")

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._note("data")

    def eof_received(self) -> bool:
        self._note("eof")
        return self.keep_open

    def connection_lost(self, error: Exception | None) -> None:
        self.error = error
        self._note("lost")

    def pause_writing(self) -> None:
        self._note("pause")

    def resume_writing(self) -> None:
        self._note("resume")

    def sending(self) -> None:
        if self.breaks_in == "sending":
            raise ZeroDivisionError

    def sent_some(self) -> None:
        if self.breaks_in == "sent_some":
            raise ZeroDivisionError

    def arrived(self, stamp_ns: int | None, count: int) -> None:
        self.stamps.append(stamp_ns)
        self.moved.set()

    def begun(self) -> None:
        self._note("begun")

    def void(self) -> None:
        self._note("void")

    def quiet(self) -> None:
        self._note("quiet")


async def dial(port: int, told: Told, host: str = "127.0.0.1") -> StampedTransport:
    loop = asyncio.get_running_loop()
    transport = StampedTransport(loop, await connected(port, host), told)
    transport.start()
    return transport


async def dial_tls(port: int, told: Told, context: ssl.SSLContext, name: str = "localhost") -> TlsTransport:
    loop = asyncio.get_running_loop()
    transport = TlsTransport(loop, await connected(port), told, context, name)
    await transport.handshake()
    return transport


async def connected(port: int, host: str = "127.0.0.1") -> socket.socket:
    assert kernel_stamps()
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    ask_for_stamps(sock)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, port))
    return sock


def sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found += str(descriptor.readlink()).startswith("socket:")
        except OSError:  # the folder's own
            continue
    return found


async def until_sockets(count: int) -> None:
    """Until no more than so many are open: the other end of a test may take a turn to close its own."""
    async with asyncio.timeout(30):
        while sockets() > count:
            await asyncio.sleep(0.005)
