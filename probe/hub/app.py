"""The hub: a store, the way in for records, the API and the pages, on one address."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Self

from aiohttp import web

from probe.errors import ProbeError, UsageError
from probe.hub.access import Access
from probe.hub.answers import explain, protect
from probe.hub.api import Api
from probe.hub.facts import Scope, Store, StoreTrouble
from probe.hub.ingest import Ingest, Limits
from probe.hub.sqlite import RETENTION_NS, SqliteStore
from probe.model.address import Address
from probe.safety.hosts import is_loopback
from probe.safety.switch import FILE, reason_of

LIMITS = Limits()
PRUNE_EVERY_S = 3600
GRACE_S = 5
"""How long requests may go on when the hub is told to stop."""

log = logging.getLogger("probe.hub")


def make_app(
    store: Store, ingest: Ingest, *, loopback: bool, now_ns: Callable[[], int] = time.time_ns
) -> web.Application:
    """Serve it with `auto_decompress=False`: bodies are unpacked within bounds by the hub itself."""
    from probe.hub.pages.routes import add_pages

    access = Access(store, loopback=loopback, now_ns=now_ns)
    app = web.Application(middlewares=[explain, access.middleware()])
    app.on_response_prepare.append(protect)
    app.router.add_post("/api/v1/runs", ingest.post)
    Api(store, now_ns).add_routes(app.router)
    add_pages(app, store, now_ns)
    return app


class Hub:
    """A running hub on the data in a folder. Port 0 takes a free one."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        retention_ns: int = RETENTION_NS,
        limits: Limits = LIMITS,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder
        self._address = (host, port)
        self._retention_ns = retention_ns
        self._limits = limits
        self._now_ns = now_ns
        self._open = AsyncExitStack()
        self.store: SqliteStore
        self.url = ""

    async def __aenter__(self) -> Self:
        """ProbeError says why it cannot start: its folder, its address, or that tokens are missing."""
        async with AsyncExitStack() as opening:
            self.store = await asyncio.to_thread(SqliteStore.open, self._folder, self._retention_ns)
            opening.callback(self.store.close)
            loopback = is_loopback(self._address[0])
            if not loopback:
                _require_tokens(self.store, self._folder)
            switch = self._folder / FILE
            ingest = Ingest(self.store, self._limits, self._now_ns, lambda: reason_of(switch))
            opening.callback(ingest.close)
            await self._serve(make_app(self.store, ingest, loopback=loopback, now_ns=self._now_ns), opening)
            tasks = await opening.enter_async_context(asyncio.TaskGroup())
            opening.callback(tasks.create_task(self._prune(ingest)).cancel)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def _serve(self, app: web.Application, opening: AsyncExitStack) -> None:
        listening = _listen(*self._address)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=GRACE_S)
        opening.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        self.url = Address(*listening.getsockname()[:2]).url

    async def _prune(self, ingest: Ingest) -> None:
        while True:
            try:
                while await ingest.in_turn(partial(self.store.prune, self._now_ns() - self._retention_ns)):
                    pass
            except StoreTrouble as trouble:
                log.error("old runs were not forgotten: %s", trouble)
            await asyncio.sleep(PRUNE_EVERY_S)


def _require_tokens(store: Store, folder: Path) -> None:
    scopes = {token.scope for token in store.tokens()}
    commands = {
        Scope.INGEST: f"probe hub --data {folder} token add --region REGION --agent AGENT",
        Scope.READ: f"probe hub --data {folder} token add --read",
    }
    missing = [f"\n  {command}" for scope, command in commands.items() if scope not in scopes]
    if missing:
        raise UsageError(f"beyond this machine the hub needs tokens; make them first:{''.join(missing)}")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise ProbeError(
            f"the hub cannot listen on {host} port {port}: {error.strerror}; --listen takes another"
        ) from None
