"""Which session a request belongs to: its cookie's, or a new one that the answer's cookie tells the browser about."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from probe.demo.session import Session
from probe.demo.state import STATE


def session_of(request: web.Request) -> Session:
    if OPENED in request:
        return request[OPENED]
    known = request.app[STATE].sessions.find(request.cookies.get(COOKIE, ""))
    if known is None:
        request[OPENED] = known = request.app[STATE].sessions.open()
    return known


def leave(request: web.Request, answer: web.Response) -> web.Response:
    request.app[STATE].sessions.close(request.cookies.get(COOKIE, ""))
    answer.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
    return answer


async def form_of(request: web.Request) -> Mapping[str, str]:
    """The form that was sent; only one that a page of this very session put out carries its CSRF token."""
    try:
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except ValueError:
        raise web.HTTPBadRequest(text="That was not a form a browser would send.") from None
    if not session_of(request).trusts(form.get("csrf", "")):
        raise web.HTTPForbidden(text="This form belongs to another visit. Go back, reload the page and try again.")
    return form


@web.middleware
async def keep_sessions(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    if OPENED in request:
        answer.set_cookie(COOKIE, request[OPENED].id, path="/", httponly=True, samesite="Lax", secure=request.secure)
    return answer


COOKIE = "session"
OPENED = web.RequestKey("opened", Session)
