"""What the hub answers: JSON, and for a mistake what it is and what to do about it."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from probe.hub.facts import StoreTrouble

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
BUSY_S = 2
BROKEN_S = 15
FULL_S = 60
"""Seconds after which to ask again."""

log = logging.getLogger("probe.hub")
_encoder = msgspec.json.Encoder()


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """Ends a request with this answer."""

    def __init__(
        self, status: HTTPStatus, error: str, hint: str, *, retry_s: int | None = None, headers: Any = ()
    ) -> None:
        super().__init__(error)
        self.status = status
        self.hint = hint
        self.headers = [*headers, *([("Retry-After", str(retry_s))] if retry_s is not None else [])]


def answer(value: Any, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(body=_encoder.encode(value), status=status, content_type="application/json")


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request that comes to nothing is told why."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _told(refusal)
    except StoreTrouble as trouble:
        return _told(_trouble(trouble))
    except web.HTTPException as plain:
        if plain.status < HTTPStatus.BAD_REQUEST:
            raise
        return _told(Refusal(HTTPStatus(plain.status), plain.reason, _advice(request, plain)))


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: headers for whatever has not set its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "probe"  # and not of which versions it is made


def _told(refusal: Refusal) -> web.Response:
    response = answer({"error": str(refusal), "hint": refusal.hint}, refusal.status)
    for name, value in refusal.headers:
        response.headers.add(name, value)
    return response


def _trouble(trouble: StoreTrouble) -> Refusal:
    log.error("the store: %s", trouble)
    if trouble.full:
        hint = "make room where the hub's data is, or keep less with --retention"
        return Refusal(HTTPStatus.INSUFFICIENT_STORAGE, f"the hub's disk is full: {trouble}", hint, retry_s=FULL_S)
    hint = "ask again; the hub's log says more"
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"the hub cannot use its data: {trouble}", hint, retry_s=BROKEN_S)


def _advice(request: web.Request, plain: web.HTTPException) -> str:
    if isinstance(plain, web.HTTPMethodNotAllowed):
        return f"{request.path} takes {' or '.join(sorted(plain.allowed_methods))}"
    return "the page is at /, the API below /api/v1/: runs, compare, overview, agents and ledger"
