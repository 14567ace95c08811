import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from socket import socket

Welcome = Callable[[socket], Coroutine[None, None, None]]


@asynccontextmanager
async def accept(listening: socket, welcome: Welcome) -> AsyncIterator[None]:
    """Gives each connection, not blocking, to a task of its own; at the end all that still go on are cut."""
    listening.setblocking(False)
    with listening:
        ending = AsyncExitStack()  # lets an error of the caller's through as it is, not in a group
        tasks = await ending.enter_async_context(asyncio.TaskGroup())
        accepting = tasks.create_task(_accept(listening, welcome))
        try:
            yield
        finally:
            accepting.cancel()
            await ending.aclose()


async def _accept(listening: socket, welcome: Welcome) -> None:
    async with asyncio.TaskGroup() as guests:
        while True:
            try:
                connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            except OSError:  # out of file descriptors, or the client is gone already
                await asyncio.sleep(0.1)
                continue
            guest = guests.create_task(welcome(connection))
            guest.add_done_callback(partial(_close_if_cancelled, connection))


def _close_if_cancelled(connection: socket, guest: asyncio.Task[None]) -> None:
    if guest.cancelled():  # perhaps before it began, so this cannot be left to it
        connection.close()
