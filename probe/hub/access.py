"""Who may do what.

Sending needs a token of scope `ingest`, everything else one of scope `read`: as `Authorization: Bearer TOKEN`, or as
the password of HTTP Basic, which a browser asks for. A token that is presented must be good, needed or not.
On a loopback address, a scope that has no token at all is open to requests that know the hub by a loopback name: a
page from elsewhere whose name was made to point here does not (DNS rebinding). `/-/…` is open to all.
"""

import asyncio
import base64
import binascii
import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from probe.hub.answers import Refusal
from probe.hub.facts import Scope, Store, Token
from probe.hub.tokens import digest_of
from probe.safety.hosts import is_loopback

TOKEN: web.RequestKey[Token] = web.RequestKey("token", Token)

_CHALLENGES = (
    ("WWW-Authenticate", "Bearer"),
    ("WWW-Authenticate", 'Basic realm="probe hub: the token is the password", charset="UTF-8"'),
)
_MAKE = {Scope.INGEST: "probe hub token add --region REGION --agent AGENT", Scope.READ: "probe hub token add --read"}


class Access:
    def __init__(self, store: Store, *, loopback: bool, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._store = store
        self._loopback = loopback
        self._now_ns = now_ns

    def middleware(self) -> Middleware:
        @web.middleware
        async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.startswith("/-/"):
                await self.admit(request)
            return await handler(request)

        return admit

    async def admit(self, request: web.Request) -> None:
        scope = Scope.READ if request.method in ("GET", "HEAD") else Scope.INGEST
        if scope is Scope.INGEST:
            _refuse_strangers(request)
        presented = _presented(request.headers.get("Authorization", ""))
        if presented is None:
            await self._admit_unnamed(request, scope)
            return
        token = await asyncio.to_thread(self._store.find_token, digest_of(presented), now_ns=self._now_ns())
        if token is None:
            raise _unknown("this token is not known here", scope)
        if token.scope is not scope:
            raise Refusal(HTTPStatus.FORBIDDEN, f"this token is for {token.scope}, not for {scope}", _MAKE[scope])
        request[TOKEN] = token

    async def _admit_unnamed(self, request: web.Request, scope: Scope) -> None:
        tokens = await asyncio.to_thread(self._store.tokens)
        if not self._loopback or any(token.scope is scope for token in tokens):
            raise _unknown("a token is needed", scope)
        if not _known_as_loopback(request.host):
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                "without tokens, only requests to a loopback name are answered",
                f"ask for http://127.0.0.1…, or make tokens: {_MAKE[scope]}",
            )


def _presented(header: str) -> str | None:
    """The token in an Authorization header; None when there is no such header."""
    kind, _, rest = header.partition(" ")
    match kind.lower():
        case "":
            return None
        case "bearer":
            return rest.strip()
        case "basic":
            return _password(rest.strip())
    return ""


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _unknown(error: str, scope: Scope) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, error, f"make one on the hub: {_MAKE[scope]}", headers=_CHALLENGES)


def _refuse_strangers(request: web.Request) -> None:
    """A browser says from which page a request comes: none but the hub's own may send."""
    origin = request.headers.get("Origin")
    if origin is not None and not _is_of(origin, request.host):
        raise Refusal(HTTPStatus.FORBIDDEN, f"a page of {origin[:200]} may not send here", "send from an agent")


def _is_of(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


def _known_as_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(name)
