from aiohttp import web

from probe.demo.catalog import Product, find, search
from probe.demo.pages import PAGES
from probe.demo.visit import session_of


async def landing(request: web.Request) -> web.Response:
    return request.app[PAGES].landing(session_of(request))


async def results(request: web.Request) -> web.Response:
    query = request.query.get("q", "")
    return request.app[PAGES].results(session_of(request), query, search(query))


async def search_api(request: web.Request) -> web.Response:
    query = request.query.get("q", "")
    found = search(query)
    return web.json_response({"query": query, "total": len(found), "items": [product.as_json() for product in found]})


async def product(request: web.Request) -> web.Response:
    return request.app[PAGES].product(session_of(request), product_called(request.match_info["sku"]))


def product_called(sku: str) -> Product:
    product = find(sku)
    if product is None:
        raise web.HTTPNotFound(text=f"We have no article {sku}.")
    return product
