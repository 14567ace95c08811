"""An exchange may be cancelled at any moment; nothing of it stays open."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from time import perf_counter_ns

import pytest
import trustme

from probe.wire.client import open_client
from probe.wire.marks import Marks
from probe.wire.request import Request
from tests.wire.names import name_server

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000)
ADDRESSES = ("127.0.0.2", "127.0.0.1")
"""Nobody listens at the first."""


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("shop.test").configure_cert(context)
    return context


@asynccontextmanager
async def shop(tls: ssl.SSLContext | None) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(EOFError, OSError):  # whoever is cancelled goes away
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"{'https' if tls else 'http'}://shop.test:{server.sockets[0].getsockname()[1]}/"


async def visit(url: str, nameserver: str, trust: ssl.SSLContext) -> None:
    async with open_client(perf_counter_ns, "test", trust, nameservers=(nameserver,)) as client:
        marks = Marks(perf_counter_ns)
        try:
            await client.send(Request("GET", url), marks)
        finally:
            assert sum(marks.phases().values()) == marks.duration_ns


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def until_descriptors(number: int) -> None:
    """The server's side, and what c-ares frees in its thread, may take a moment."""
    async with asyncio.timeout(30):
        while descriptors() > number:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("secured", [False, True], ids=["http", "https"])
async def test_at_any_turn_of_the_loop(trust: ssl.SSLContext, tls: ssl.SSLContext, secured: bool) -> None:
    with name_server({"shop.test": ADDRESSES}) as names:
        async with shop(tls if secured else None) as url:
            await visit(url, names.address, trust)
            before = descriptors()
            for turns in count():
                async with asyncio.TaskGroup() as tasks:
                    visiting = tasks.create_task(visit(url, names.address, trust))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    visiting.cancel()
                if not visiting.cancelled():
                    break
            assert turns > 10
            await until_descriptors(before)


async def test_at_any_time_with_many_at_once(trust: ssl.SSLContext, tls: ssl.SSLContext) -> None:
    chance = random.Random(4)

    async def hasty(url: str, nameserver: str) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, 1)):
                await visit(url, nameserver, trust)
                return True
        return False

    with name_server({"shop.test": ADDRESSES}) as names:
        async with shop(None) as plain, shop(tls) as secured:
            await visit(plain, names.address, trust)
            before = descriptors()
            async with asyncio.TaskGroup() as tasks:
                ends = [tasks.create_task(hasty((plain, secured)[at % 2], names.address)) for at in range(300)]
            assert False in {end.result() for end in ends}
            await until_descriptors(before)
