import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from socket import socket

from probe.demo.accept import accept


@dataclass(frozen=True, slots=True)
class SlowTls:
    """Accepts TCP connections at once and starts each one's TLS only after a delay.

    What the client says meanwhile waits in the kernel, so to the client its connect is fast and its handshake slow.
    """

    protocol: Callable[[], asyncio.BaseProtocol]
    context: ssl.SSLContext
    delay: Callable[[], float]  # in seconds, asked for at every connection

    def serve(self, listening: socket) -> AbstractAsyncContextManager[None]:
        return accept(listening, self._greet)

    async def _greet(self, connection: socket) -> None:
        await asyncio.sleep(self.delay())
        with suppress(OSError):  # a client that went away, or does not trust us
            await asyncio.get_running_loop().connect_accepted_socket(self.protocol, connection, ssl=self.context)
