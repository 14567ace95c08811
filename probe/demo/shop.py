import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from aiohttp import web
from yarl import URL

from probe.demo.app import make_app
from probe.demo.faults import NO_FAULTS, Faults
from probe.demo.orders import Order
from probe.demo.state import State
from probe.demo.tls import SlowTls

if TYPE_CHECKING:
    from probe.demo.certificates import Certificate

__all__ = ["Faults", "Shop"]


class Shop:
    """A running shop: over HTTP and, on request, over HTTPS too. Port 0 takes a free one."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        https_port: int = 0,
        certificate: "Certificate" = "valid",
        faults: Faults = NO_FAULTS,
    ) -> None:
        self._http = (host, port)
        self._https = (host, https_port) if tls else None
        self._certificate = certificate
        self._state = State(faults)
        self._open = AsyncExitStack()
        self.url = ""
        self.https_url: str | None = None
        self.ca_pem: bytes | None = None

    @property
    def faults(self) -> Faults:
        return self._state.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._state.faults = faults

    @property
    def state(self) -> dict[str, int]:
        return self._state.counters()

    def order_paid_with(self, key: str) -> Order | None:
        """The order that a payment with this idempotency key led to."""
        return self._state.orders.paid_with(key)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            runner = web.AppRunner(make_app(self._state), access_log=None, shutdown_timeout=0.25)
            opening.push_async_callback(runner.cleanup)
            await runner.setup()
            await self._serve_http(runner)
            if self._https:
                await self._serve_https(runner, _listen(*self._https), opening)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def _serve_http(self, runner: web.AppRunner) -> None:
        listening = _listen(*self._http)
        self.url = _url("http", *_reachable(listening))
        await web.SockSite(runner, listening).start()

    async def _serve_https(self, runner: web.AppRunner, listening: socket.socket, opening: AsyncExitStack) -> None:
        from probe.demo.certificates import make_identity  # heavy, and only this needs it

        assert runner.server is not None
        identity = make_identity(self._certificate)
        site = SlowTls(runner.server, identity.context, lambda: self.faults.tls_delay)
        await opening.enter_async_context(site.serve(listening))
        self.https_url = _url("https", "localhost", listening.getsockname()[1])
        self.ca_pem = identity.ca_pem


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=512)


def _reachable(listening: socket.socket) -> tuple[str, int]:
    """Where a client on this machine finds the socket; "every address" is none a client could call."""
    host, port = listening.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def _url(scheme: str, host: str, port: int) -> str:
    return str(URL.build(scheme=scheme, host=host, port=port))
