from aiohttp import web

from probe.demo.faults import Faults
from probe.demo.state import STATE


async def show_state(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].counters())


async def show_faults(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].faults.as_json())


async def replace_faults(request: web.Request) -> web.Response:
    try:
        request.app[STATE].faults = Faults.from_json(await request.json())
    except ValueError as mistake:
        return web.json_response({"error": str(mistake)}, status=400)
    return await show_faults(request)


async def reset(request: web.Request) -> web.Response:
    request.app[STATE].reset()
    return await show_state(request)
