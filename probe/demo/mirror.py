"""Answers that show an HTTP client what it did: for testing clients, not for shopping."""

from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from urllib.parse import parse_qsl

from aiohttp import web


async def redirect(request: web.Request) -> web.Response:
    """A chain of as many hops as asked for, which ends at the landing page."""
    hops = _number(request, "hops", 1, 1000)
    return web.Response(status=302, headers={"Location": f"/redirect/{hops - 1}" if hops > 1 else "/"})


async def content(request: web.Request) -> web.Response:
    size = _number(request, "size", 0, 64 * 2**20)
    pattern = bytes(range(256))
    return web.Response(body=(pattern * (size // len(pattern) + 1))[:size], content_type="application/octet-stream")


async def status(request: web.Request) -> web.Response:
    code = _number(request, "code", 200, 599)
    return web.Response(status=code, text=f"{code}\n")


async def echo(request: web.Request) -> web.Response:
    body = await request.read()
    seen = {
        "method": request.method,
        "path": request.path,
        "query": list(request.query.items()),
        "headers": list(request.headers.items()),
        "body": body.decode(errors="replace"),
        "form": _form_fields(request.headers.get("Content-Type", ""), body),
    }
    return web.json_response(seen)


def _form_fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    if content_type.startswith("application/x-www-form-urlencoded"):
        return parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    if content_type.startswith("multipart/form-data"):
        return _multipart_fields(content_type, body)
    return []


def _multipart_fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    # aiohttp parses a multipart body only while it arrives; here it is also wanted as it came.
    form = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=HTTP)
    return [_multipart_field(part) for part in form.iter_parts()]


def _multipart_field(part: Message) -> tuple[str, str]:
    name = part.get_param("name", "", header="content-disposition")
    content = part.get_payload(decode=True)
    return str(name), content.decode(errors="replace") if isinstance(content, bytes) else ""


def _number(request: web.Request, name: str, least: int, most: int) -> int:
    number = int(request.match_info[name])
    if not least <= number <= most:
        raise web.HTTPNotFound(text=f"{number} is not from {least} to {most}.")
    return number
