"""From the keys of a step to the body of its request."""

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from probe.model.place import Place
from probe.steps.base import Performance, script_failure
from probe.steps.http_action import Action
from probe.steps.http_graphql import ACCEPT, encode_graphql
from probe.steps.http_multipart import encode_parts, new_boundary, piece_of

if TYPE_CHECKING:
    from probe.wire.body import FilePiece
    from probe.wire.request import Headers

    Pieces = tuple[bytes | FilePiece, ...]


def encode_body(action: Action, performance: Performance, content_type: str | None) -> "tuple[Pieces | None, Headers]":
    """The pieces of the body, and the headers that go with it; `content_type` is the one the step writes itself."""
    if action.form is not None:
        pairs = [(name, performance.text(text)) for name, texts in action.form.items() for text in texts]
        return _typed("application/x-www-form-urlencoded", urlencode(pairs).encode())
    if action.json is not None:
        value = performance.value(action.json.value)
        return _typed("application/json", json.dumps(value, ensure_ascii=False).encode())
    if action.graphql is not None:
        pieces, headers = _typed("application/json", encode_graphql(action.graphql, performance))
        return pieces, (*headers, ("Accept", ACCEPT))
    if action.multipart is not None:
        boundary = _boundary_in(content_type, action.target[1].place) if content_type else new_boundary()
        parts = encode_parts(action.multipart, performance, boundary)
        return _typed(f"multipart/form-data; boundary={boundary}", *parts)
    if action.file is not None:
        return _typed("application/octet-stream", piece_of(action.file))
    if action.body is not None:
        return _typed("text/plain; charset=utf-8", performance.text(action.body).encode())
    return None, ()


def _typed(content_type: str, *pieces: "bytes | FilePiece") -> "tuple[Pieces, Headers]":
    return pieces, (("Content-Type", content_type),)


def _boundary_in(content_type: str, place: Place) -> str:
    from email.message import Message

    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if boundary is None:
        hint = "leave it out, and it is written with the boundary"
        raise script_failure("the Content-Type beside multipart: has no boundary", place, hint)
    return boundary
