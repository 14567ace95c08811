"""What the pages' look is made of: a stylesheet, a script, an icon, served by ourselves and by nobody else."""

import hashlib
from collections.abc import Mapping
from importlib.resources import files

from aiohttp import web
from msgspec import Struct

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Asset(Struct, frozen=True):
    """`path` changes with the content, so that it can be kept for ever."""

    path: str
    body: bytes
    content_type: str


def load_assets() -> Mapping[str, Asset]:
    """By file name."""
    return {file.name: _asset(file.name, file.read_bytes()) for file in (files(__package__) / "static").iterdir()}


def asset_response(asset: Asset) -> web.Response:
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return web.Response(body=asset.body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _asset(name: str, body: bytes) -> Asset:
    version = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"/static/{name}?v={version}", body, _TYPES[name.rpartition(".")[2]])
