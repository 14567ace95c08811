"""One server on several addresses of this machine, at one port."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from tests.steps.asking import Talk


@asynccontextmanager
async def serving_at(talk: Talk, addresses: Sequence[str]) -> AsyncIterator[int]:
    """Gives the port."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await talk(reader, writer)
        writer.close()

    servers: list[asyncio.Server] = []
    while len(servers) < len(addresses):
        port = servers[0].sockets[0].getsockname()[1] if servers else 0
        try:
            servers.append(await asyncio.start_server(converse, addresses[len(servers)], port))
        except OSError:  # somebody else has that port at another address
            while servers:
                servers.pop().close()
    try:
        yield servers[0].sockets[0].getsockname()[1]
    finally:
        for server in servers:
            server.close()
