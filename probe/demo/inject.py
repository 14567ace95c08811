"""Where the faults strike: around every request, outside all other middleware."""

import asyncio
import os
import socket
import struct
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from probe.demo.faults import Faults
from probe.demo.pages import PAGES
from probe.demo.state import STATE


@web.middleware
async def inject_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    faults = request.app[STATE].faults_on(request.path)
    if faults.reset == "before":
        return _reset(request)
    answer = _instead_of_acting(request, faults) or await handler(request)
    if faults.reset == "after":
        return _reset(request)
    if faults.status:
        answer.set_status(faults.status)
    await asyncio.sleep(faults.header_delay)
    body = _body(request, answer)
    if body and (faults.truncate or faults.chunk_delay):
        return await _send_in_pieces(request, answer, body, faults)
    return answer


def _instead_of_acting(request: web.Request, faults: Faults) -> web.Response | None:
    if faults.challenge:
        page = request.app[PAGES].challenge()
        page.headers.update({"cf-mitigated": "challenge", "Server": "cloudflare"})
        return page
    if request.app[STATE].dice.random() < faults.error_rate:
        return web.Response(status=faults.error_status, text="The shop has a problem. This one was asked for.\n")
    return None


def _reset(request: web.Request) -> web.Response:
    """Close the connection with a TCP RST: that is what the kernel sends when a socket must not linger."""
    if request.transport is not None:
        # A duplicate descriptor shares the socket's options, and works with every event loop's kind of socket object.
        descriptor = os.dup(request.transport.get_extra_info("socket").fileno())
        with socket.socket(fileno=descriptor) as same_connection:
            same_connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()  # goes nowhere: the connection is gone


def _body(request: web.Request, answer: web.StreamResponse) -> bytes:
    bodiless = request.method == "HEAD" or answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    body = answer.body if isinstance(answer, web.Response) and not bodiless else None
    return body if isinstance(body, bytes) else b""


async def _send_in_pieces(
    request: web.Request, answer: web.StreamResponse, body: bytes, faults: Faults
) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, reason=answer.reason, headers=answer.headers)
    stream.cookies.load(answer.cookies)
    stream.content_length = len(body)
    await stream.prepare(request)
    pieces = _split(body[: len(body) // 2] if faults.truncate else body, faults.chunks)
    for number, piece in enumerate(pieces):
        await asyncio.sleep(faults.chunk_delay if number else 0)
        await stream.write(piece)
    if faults.truncate:
        stream.force_close()  # only now, so that the headers do not give it away
    return stream


def _split(body: bytes, pieces: int) -> list[bytes]:
    """Equal parts; a body shorter than the number of pieces makes fewer."""
    size = max(1, -(-len(body) // pieces))
    return [body[start : start + size] for start in range(0, len(body), size)]
