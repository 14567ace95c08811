"""The agent's HTTP side: what it shows to Prometheus, to Kubernetes and to people, and the reload."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from msgspec.structs import replace

from probe.agent.page.document import document, policy, read_style
from probe.errors import ProbeError
from probe.metrics.collector import Exposition, expose
from probe.model.address import Address, parse_address
from probe.model.result import Run
from probe.model.status import AgentStatus, JourneyStatus

Status = Callable[[], Awaitable[AgentStatus]]
Reload = Callable[[], Awaitable[str | None]]
"""Why the configuration stays as it was; None when it was taken in."""

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Encoding",
}
_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")


class ListenError(ProbeError):
    """The agent cannot listen where it was told to."""


@asynccontextmanager
async def listen(address: str, status: Status, reload: Reload) -> AsyncIterator[str]:
    """Answers as long as it is open, at the URL it gives; port 0 takes a free one. ListenError when it cannot."""
    runner = web.AppRunner(_application(_Views(status, reload)), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await _bind(runner, address)
        yield Address(*runner.addresses[0][:2]).url
    finally:
        await runner.cleanup()


async def _bind(runner: web.AppRunner, address: str) -> None:
    try:
        parsed = parse_address(address)
        await web.TCPSite(runner, parsed.host, parsed.port).start()
    except ValueError as error:
        raise ListenError(f"listen: {address[:200]} is no address: expected {error}") from None
    except OSError as error:
        raise ListenError(f"cannot listen at {address[:200]}: {error.strerror or error}") from None


def _application(views: "_Views") -> web.Application:
    app = web.Application()
    app.add_routes(
        [
            web.get("/", views.page),
            web.get("/status", views.status),
            web.get("/status.json", views.json),
            web.get("/metrics", views.metrics),
            web.get("/-/healthy", views.healthy),
            web.get("/-/ready", views.ready),
            web.post("/-/reload", views.reload),
        ]
    )
    app.on_response_prepare.append(_add_headers)
    return app


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


class _Views:
    def __init__(self, status: Status, reload: Reload) -> None:
        self._status = status
        self._reload = reload
        self._style = read_style()
        self._policy = policy(self._style)

    async def page(self, request: web.Request) -> web.Response:
        text = document(await self._status(), self._style, live="live" in request.query)
        headers = {"Content-Security-Policy": self._policy}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def status(self, request: web.Request) -> web.Response:
        """The page for browsers, JSON for everyone else."""
        return await (self.page if "text/html" in request.headers.get("Accept", "") else self.json)(request)

    async def json(self, request: web.Request) -> web.Response:
        status = await self._status()
        journeys = tuple(map(_in_short, status.journeys))
        body = msgspec.json.format(msgspec.json.encode(replace(status, journeys=journeys)), indent=2) + b"\n"
        return web.Response(body=body, content_type="application/json")

    async def metrics(self, request: web.Request) -> web.Response:
        """Made in a thread: ten thousand series take long enough to disturb a measurement."""
        accept = ",".join(request.headers.getall("Accept", []))
        compressed = _accepts_gzip(request)
        exposition = await asyncio.to_thread(_expose, await self._status(), accept, compressed=compressed)
        headers = {"Content-Type": exposition.content_type, **({"Content-Encoding": "gzip"} if compressed else {})}
        return web.Response(body=exposition.body, headers=headers)

    async def healthy(self, request: web.Request) -> web.Response:
        return web.Response(text="healthy\n")

    async def ready(self, request: web.Request) -> web.Response:
        status = await self._status()
        return (
            web.Response(text="ready\n") if status.ready else web.Response(status=503, text=f"{status.why_not_ready}\n")
        )

    async def reload(self, request: web.Request) -> web.Response:
        """For a person or a program on purpose: whatever a browser sends may be another site's idea."""
        if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
            raise web.HTTPForbidden(text="reload is not for browsers: curl -X POST does it\n")
        mistakes = await self._reload()
        return web.Response(text="reloaded\n") if mistakes is None else web.Response(status=400, text=f"{mistakes}\n")


def _expose(status: AgentStatus, accept: str, *, compressed: bool) -> Exposition:
    exposition = expose(status, accept)
    return replace(exposition, body=gzip.compress(exposition.body, 5, mtime=0)) if compressed else exposition


def _accepts_gzip(request: web.Request) -> bool:
    codings = ",".join(request.headers.getall("Accept-Encoding", [])).replace(" ", "").lower().split(",")
    return any(coding.startswith("gzip") and not coding.endswith((";q=0", ";q=0.0")) for coding in codings)


def _in_short(journey: JourneyStatus) -> JourneyStatus:
    """Without what its steps sent and got, which is for readers of the centre and not for all who reach this port."""
    return replace(journey, last=_verdicts(journey.last)) if journey.last is not None else journey


def _verdicts(run: Run) -> Run:
    return replace(run, variables={}, steps=tuple(replace(step, attempts=()) for step in run.steps))
