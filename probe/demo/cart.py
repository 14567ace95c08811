from aiohttp import web

from probe.demo.browse import product_called
from probe.demo.pages import PAGES
from probe.demo.state import STATE
from probe.demo.visit import form_of, session_of


async def show(request: web.Request) -> web.Response:
    return request.app[PAGES].cart(session_of(request))


async def add(request: web.Request) -> web.Response:
    form = await form_of(request)
    session = session_of(request)
    product = product_called(form.get("sku", ""))
    wanted = session.basket.quantity(product) + _quantity(form.get("qty", ""))
    if request.app[STATE].faults_on(request.path).out_of_stock or wanted > product.stock:
        raise web.HTTPConflict(text=f"{product.name}: out of stock. There are not as many left as you asked for.")
    session.basket = session.basket.with_quantity(product, wanted)
    return web.Response(status=303, headers={"Location": "/cart"})


def _quantity(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text):
        return int(text)
    raise web.HTTPBadRequest(text="The quantity has to be a whole number from 1 to 999.")
