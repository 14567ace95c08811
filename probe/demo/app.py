from collections.abc import Mapping
from importlib.resources import files
from mimetypes import guess_type

from aiohttp import web
from aiohttp.typedefs import Handler

from probe.demo import admin, browse, cart, mirror, pay, track
from probe.demo.inject import inject_faults
from probe.demo.pages import PAGES, Pages
from probe.demo.state import STATE, State, count_requests
from probe.demo.visit import keep_sessions


def make_app(state: State) -> web.Application:
    app = web.Application(middlewares=[count_requests, inject_faults, keep_sessions, explain_refusals])
    app[STATE] = state
    app[PAGES] = Pages()
    app[ASSETS] = {file.name: file.read_bytes() for file in (files(__package__) / "static").iterdir()}
    app.add_routes(ROUTES)
    return app


@web.middleware
async def explain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What a handler refuses, and what no handler takes, becomes a page of the shop."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        silent = refusal.text == f"{refusal.status}: {refusal.reason}"  # aiohttp's own text, which says nothing
        text = "This part of the quay is empty." if silent else refusal.text
        page = request.app[PAGES].notice(refusal.status, refusal.reason, text or "")
        page.headers.extend({name: value for name, value in refusal.headers.items() if name == "Allow"})
        return page


async def asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    body = request.app[ASSETS].get(name)
    if body is None:
        raise web.HTTPNotFound
    media_type = guess_type(name)[0] or "application/octet-stream"
    return web.Response(body=body, content_type=media_type, headers={"Cache-Control": "max-age=60"})


async def health(request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


ASSETS = web.AppKey("assets", Mapping[str, bytes])

ROUTES = (
    # look around
    web.get("/", browse.landing),
    web.get("/search", browse.results),
    web.get("/api/search", browse.search_api),
    web.get("/products/{sku}", browse.product),
    web.get("/static/{name}", asset),
    # fill a cart and pay
    web.get("/cart", cart.show),
    web.post("/cart", cart.add),
    web.get("/checkout", pay.checkout),
    web.post("/checkout", pay.submit),
    web.post("/pay", pay.pay),
    web.put("/pay", pay.pay),
    # follow an order
    web.get("/orders/{order_id}", track.show),
    web.get("/orders/{order_id}/thanks", track.thanks),
    web.delete("/orders/{order_id}", track.cancel),
    web.get("/api/orders", track.paid_with),
    web.post("/logout", track.logout),
    # show a client what it did
    web.get(r"/redirect/{hops:\d{1,9}}", mirror.redirect),
    web.get(r"/bytes/{size:\d{1,9}}", mirror.content),
    web.get(r"/status/{code:\d{1,9}}", mirror.status),
    web.route("*", "/echo", mirror.echo),
    # operate the shop
    web.get("/healthz", health),
    web.get("/admin/state", admin.show_state),
    web.get("/admin/faults", admin.show_faults),
    web.put("/admin/faults", admin.replace_faults),
    web.post("/admin/reset", admin.reset),
)
