import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from ssl import SSLContext

import pytest

from probe.demo.shop import Shop
from probe.wire.marks import address_of

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the proxies, the settings and the state of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_proxy".upper(), raising=False)
    for name in ("SHOP_URL", "TEST_CARD", "GITHUB_STEP_SUMMARY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PROBE_CLOCK", "PROBE_NAMESERVERS", "PROBE_STATE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with Shop() as shop:
        yield shop


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers that talk as a test tells them to, connection by connection; gives their URL."""
    async with AsyncExitStack() as stack:

        async def start(talk: Talk, tls: SSLContext | None = None, host: str = "127.0.0.1") -> str:
            talks = Talks(talk)
            server = await asyncio.start_server(talks.begin, host, 0, ssl=tls)
            stack.push_async_callback(talks.end)
            stack.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            return f"https://localhost:{port}" if tls else f"http://{address_of(host, port)}"

        yield start


class Talks:
    """The connections of a server: each is closed when its talk is over, or the test."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open[writer] = asyncio.get_running_loop().create_task(self._converse(reader, writer))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):  # the client went away
            await self.talk(reader, writer)
        writer.close()

    async def end(self) -> None:
        for writer, talking in self.open.items():
            talking.cancel()
            writer.transport.abort()
        await asyncio.gather(
            *self.open.values(), *(writer.wait_closed() for writer in self.open), return_exceptions=True
        )
