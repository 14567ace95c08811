"""A small HTTP proxy that tunnels, or misbehaves as a test tells it to."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from probe.wire.route import Proxy

Misbehave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


class Tunnels:
    """`asked` are the targets of CONNECT, `heads` all that was said to it."""

    def __init__(self, answer: bytes | None = None, login: str = "", think_s: float = 0, dies_after: int = -1) -> None:
        self.answer = answer
        """What it says instead of tunnelling; empty closes the connection."""
        self.login = login
        self.think_s = think_s
        self.dies_after = dies_after
        """So many bytes of the target's it lets through, then it resets both."""
        self.asked: list[str] = []
        self.heads: list[bytes] = []
        self.port = 0
        self.open: list[asyncio.StreamWriter] = []

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def proxy(self, user: str = "", password: str = "") -> Proxy:
        return Proxy("127.0.0.1", self.port, user, password)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.decode().split(" ", 2)
        assert method == "CONNECT", head
        self.asked.append(target)
        await asyncio.sleep(self.think_s)
        if self.answer is not None:
            writer.write(self.answer)
        elif not self._knows(head):
            writer.write(b"HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Basic\r\n\r\n")
        else:
            await self._tunnel(target, reader, writer)

    def _knows(self, head: bytes) -> bool:
        said = base64.b64encode(self.login.encode())
        return not self.login or b"\r\nProxy-Authorization: Basic " + said + b"\r\n" in head

    async def _tunnel(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        try:
            there, back = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno")
            return
        self.open.append(back)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, back, -1))
            group.create_task(_pump(there, writer, self.dies_after))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, left: int) -> None:
    with suppress(OSError):
        while piece := await source.read(65536 if left < 0 else max(left, 1)):
            if left == 0:
                sink.transport.abort()
                return
            sink.write(piece)
            await sink.drain()
            left = max(left - len(piece), 0) if left >= 0 else left
    sink.close()


@asynccontextmanager
async def tunnels(
    answer: bytes | None = None, login: str = "", think_s: float = 0, dies_after: int = -1
) -> AsyncIterator[Tunnels]:
    proxy = Tunnels(answer, login, think_s, dies_after)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await proxy.talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for writer in proxy.open:
            writer.transport.abort()
        await asyncio.sleep(0)
