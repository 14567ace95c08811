import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from socket import socket


@dataclass(frozen=True, slots=True)
class SlowTls:
    """Accepts TCP connections at once and starts each one's TLS only after a delay.

    What the client says meanwhile waits in the kernel, so to the client its connect is fast and its handshake slow.
    """

    protocol: Callable[[], asyncio.BaseProtocol]
    context: ssl.SSLContext
    delay: Callable[[], float]  # in seconds, asked for at every connection

    @asynccontextmanager
    async def serve(self, listening: socket) -> AsyncIterator[None]:
        listening.setblocking(False)
        with listening:
            async with asyncio.TaskGroup() as tasks:
                accepting = tasks.create_task(self._accept(listening))
                try:
                    yield
                finally:
                    accepting.cancel()

    async def _accept(self, listening: socket) -> None:
        async with asyncio.TaskGroup() as greetings:
            while True:
                try:
                    connection, _ = await asyncio.get_running_loop().sock_accept(listening)
                except OSError:  # out of file descriptors, or the client is gone already
                    await asyncio.sleep(0.1)
                    continue
                greeting = greetings.create_task(self._greet(connection))
                greeting.add_done_callback(partial(_close_if_cancelled, connection))

    async def _greet(self, connection: socket) -> None:
        await asyncio.sleep(self.delay())
        with suppress(OSError):  # a client that went away, or does not trust us
            await asyncio.get_running_loop().connect_accepted_socket(self.protocol, connection, ssl=self.context)


def _close_if_cancelled(connection: socket, greeting: asyncio.Task[None]) -> None:
    if greeting.cancelled():  # perhaps before it began, so this cannot be left to it
        connection.close()
