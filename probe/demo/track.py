from time import monotonic

from aiohttp import web

from probe.demo.orders import Order
from probe.demo.pages import PAGES
from probe.demo.state import STATE
from probe.demo.visit import leave, session_of


async def thanks(request: web.Request) -> web.Response:
    order = _own_order(request)
    if order is None:
        raise web.HTTPNotFound(text="You have no such order.")
    return request.app[PAGES].thanks(session_of(request), order)


async def show(request: web.Request) -> web.Response:
    return _answer(_own_order(request))


async def cancel(request: web.Request) -> web.Response:
    """Whoever knows an order's id, which nobody can guess, may cancel it: the session may be over by then."""
    order = request.app[STATE].orders.cancel(request.match_info["order_id"])
    return web.json_response({"id": order.id, "state": "cancelled"}) if order else _answer(None)


async def paid_with(request: web.Request) -> web.Response:
    """The order an idempotency key led to, for a payer who never saw the answer; again, knowing the key is enough."""
    return _answer(request.app[STATE].orders.paid_with(request.query.get("key", "")))


async def logout(request: web.Request) -> web.Response:
    return leave(request, web.Response(status=204))


def _own_order(request: web.Request) -> Order | None:
    order = request.app[STATE].orders.find(request.match_info["order_id"])
    return order if order and order.session_id == session_of(request).id else None


def _answer(order: Order | None) -> web.Response:
    if order is None:
        return web.json_response({"error": "no such order"}, status=404)
    return web.json_response(order.as_json(monotonic()))
