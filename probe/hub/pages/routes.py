"""The hub's pages: all regions at a glance, a journey, a run."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from aiohttp import web
from msgspec import Struct

from probe.hub.facts import Store
from probe.hub.kept import Answer, Kept
from probe.hub.pages.assets import asset_response, load_assets
from probe.hub.pages.guide import guide
from probe.hub.pages.journey import journey_view
from probe.hub.pages.known import fleet_known, journey_known, run_known
from probe.hub.pages.moment import moment
from probe.hub.pages.overview import overview
from probe.hub.pages.paths import journey_path, overview_path
from probe.hub.pages.render import environment, html_response
from probe.hub.pages.run import run_view
from probe.hub.pages.window import DEFAULT, WINDOWS, Span, Window


def add_pages(app: web.Application, store: Store, now_ns: Callable[[], int] = time.time_ns) -> None:
    """Adds `/`, `/journey?name=…&env=…`, `/runs/{run_id}`, `/help` and `/static/{name}`."""
    pages = Pages(store, now_ns)
    app.router.add_get("/", pages.overview)
    app.router.add_get("/journey", pages.journey)
    app.router.add_get("/runs/{run_id}", pages.run)
    app.router.add_get("/help", pages.help)
    app.router.add_get("/static/{name}", pages.asset)


class Notice(Struct, frozen=True):
    """Instead of a page: what was asked for is not here, and what to do."""

    title: str
    text: str


class Pages:
    def __init__(self, store: Store, now_ns: Callable[[], int]) -> None:
        self._store = store
        self._now_ns = now_ns
        self._kept = Kept()
        self._assets = load_assets()
        self._templates = environment(self._assets)

    async def overview(self, request: web.Request) -> web.Response:
        window, origin = self._window(request), str(request.url.origin())
        return await self._answer(("overview", window.name, origin), lambda: self._overview(window, origin))

    async def journey(self, request: web.Request) -> web.Response:
        window, env, name = self._window(request), request.query.get("env", ""), request.query.get("name", "")
        return await self._answer(("journey", env, name, window.name), lambda: self._journey(env, name, window))

    async def run(self, request: web.Request) -> web.Response:
        run_id = request.match_info["run_id"]
        return await self._answer(("run", run_id), lambda: self._run(run_id))

    async def help(self, request: web.Request) -> web.Response:
        return await self._answer(
            ("help",), lambda: self._page("help.html", Span(DEFAULT, self._now_ns()), view=guide())
        )

    async def asset(self, request: web.Request) -> web.Response:
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return asset_response(asset)

    def _window(self, request: web.Request) -> Window:
        """What was asked for; an unknown window is the usual one, and the page says which it shows."""
        return WINDOWS.get(request.query.get("window", ""), DEFAULT)

    async def _answer(self, key: tuple[str, ...], make: Callable[[], Answer]) -> web.Response:
        page = await self._kept.answer(key, make)
        return html_response(page.text, page.status)

    def _overview(self, window: Window, origin: str) -> Answer:
        span = Span(window, self._now_ns())
        view = overview(fleet_known(self._store, span), window, span.until_ns)
        choices = {name: overview_path(one) for name, one in WINDOWS.items()} if view.agents or view.grids else {}
        return self._page("overview.html", span, choices=choices, view=view, origin=origin)

    def _journey(self, env: str, name: str, window: Window) -> Answer:
        span = Span(window, self._now_ns())
        known = journey_known(self._store, env, name, span)
        if known is None:
            where = f" in the environment {env}" if env else ""
            return self._notice(f"There is no journey {name or 'without a name'}{where}", _NO_JOURNEY, span)
        choices = {one: journey_path(env, name, other) for one, other in WINDOWS.items()}
        return self._page("journey.html", span, choices=choices, view=journey_view(known, span))

    def _run(self, run_id: str) -> Answer:
        span, known = Span(DEFAULT, self._now_ns()), run_known(self._store, run_id)
        if known is None:
            return self._notice(f"There is no run {run_id}", _NO_RUN, span)
        return self._page("run.html", span, view=run_view(known, span.until_ns))

    def _help(self) -> Answer:
        return self._page("help.html", Span(DEFAULT, self._now_ns()), view=guide())

    def _notice(self, title: str, text: str, span: Span) -> Answer:
        return self._page("notice.html", span, status=404, view=Notice(title, text))

    def _page(
        self,
        template: str,
        span: Span,
        *,
        choices: Mapping[str, str] = MappingProxyType({}),
        status: int = 200,
        **values: object,
    ) -> Answer:
        """`choices` are the paths of the same page over other windows, by their names."""
        made = moment(span.until_ns, span.until_ns)
        text = self._templates.get_template(template).render(window=span.window, made=made, choices=choices, **values)
        return Answer(text, status)


_NO_JOURNEY = (
    "No agent has sent a run of it, or its runs are older than what the hub keeps. Names are written as in the "
    "journey's file, capitals and spaces included; the overview lists all there are."
)
_NO_RUN = (
    "It may not have arrived yet: an agent keeps its runs in a spool while the hub is away. Or it is older than what "
    "the hub keeps, or the link was cut short."
)
