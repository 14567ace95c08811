"""HTTP for one run: keep-alive within it, fresh connections between runs, cookies of its own, nothing sent twice."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock
from probe.wire.connector import MarkedConnector, current_marks
from probe.wire.cookies import CookieJar
from probe.wire.digest import Challenge
from probe.wire.marks import Marks
from probe.wire.pools import Pools
from probe.wire.route import DIRECT, Route
from probe.wire.trouble import failure_of, unresolved

MAX_BODY_BYTES = 16 * 1024 * 1024
_ONE_PIECE = 1024 * 1024
"""Bytes; aiohttp warns of more."""
_OF_THE_BODY = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "content-length",
    "idempotency-key",
)
_OF_THE_ORIGIN = ("authorization", "cookie", "host")


class Request(Struct, frozen=True):
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    fresh: bool = False
    """Whether it must have a connection of its own: a kept one may be dead, and then nobody knows what arrived."""

    @property
    def sent_text(self) -> str:
        """All that goes over the wire, for whoever looks for something that must not."""
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.url}\n{headers}\n{(self.body or b'').decode(errors='replace')}"

    def redirected(self, url: str, *, again: bool) -> "Request":
        """The next request of a redirect: this one `again`, or a GET; another origin gets no credentials."""
        dropped: tuple[str, ...] = () if again else _OF_THE_BODY
        if urlsplit(url)[:2] != urlsplit(self.url)[:2]:
            dropped += _OF_THE_ORIGIN
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        if again:
            return replace(self, url=url, headers=headers)
        return Request("HEAD" if self.method == "HEAD" else "GET", url, headers)


class Answer(Struct, frozen=True):
    url: str
    status: int
    http_version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    charset: str

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


class Client:
    def __init__(self, pools: Pools, jar: CookieJar) -> None:
        self.challenges: dict[tuple[str, str], Challenge] = {}
        """Digest challenges in use, by origin and user."""
        self._jar = jar
        self._pools = pools

    def prepare(self, route: Route) -> None:
        """What an exchange on that route needs and is no part of it. UnusableFileError when a file is no good."""
        self._pools.session(route)

    async def send(self, request: Request, marks: Marks, route: Route = DIRECT) -> Answer:
        """The answer, read to its end. StepFailure when there is none; `marks` are finished in any case."""
        current_marks.set(marks)
        complete = False
        try:
            answer = await self._send(request, route)
            complete = True
            return answer
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise StepFailure(failure_of(error, request.url, marks)) from error
        finally:
            marks.finish(complete=complete)

    async def addresses(self, url: str, marks: Marks, route: Route) -> tuple[str, ...]:
        """Where requests to that URL can go by a route without a proxy; `marks` go on to the first one's exchange."""
        current_marks.set(marks)
        connector, where = self._pools.session(route).connector, URL(url)
        assert isinstance(connector, MarkedConnector)
        try:
            found = await connector.addresses(where.raw_host or "", where.port or 0)
        except (OSError, ValueError) as error:
            raise StepFailure(unresolved(error, url, marks)) from error
        return tuple(dict.fromkeys(each["host"] for each in found))

    async def _send(self, request: Request, route: Route) -> Answer:
        headers = self._jar.onto(request.headers, request.url)
        async with self._pools.session(route, fresh=request.fresh).request(
            request.method, request.url, headers=headers, data=_in_pieces(request.body), allow_redirects=False
        ) as response:
            self._jar.take(response.headers.getall("Set-Cookie", ()), response.url)
            _reject_coding(response)
            body = await _read(response)
            version = response.version
            return Answer(
                url=request.url,
                status=response.status,
                http_version=f"{version.major}.{version.minor}" if version else "",
                headers=tuple((name, _readable(value)) for name, value in response.headers.items()),
                body=body,
                charset=response.charset or "utf-8",
            )

    def cookies(self, url: str) -> dict[str, str]:
        """The cookies the next request to that URL would send; of those with one name the first."""
        return {cookie.name: cookie.value for cookie in reversed(self._jar.matching(URL(url)))}


@asynccontextmanager
async def open_client(
    clock: Callable[[], int],
    user_agent: str,
    tls: Any = None,
    instants: Clock = Clock.KERNEL,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    nameservers: Sequence[str] = (),
) -> AsyncIterator[Client]:
    """`tls` is an ssl.SSLContext; None trusts what the system trusts (`SSL_CERT_FILE` says otherwise)."""
    pools = Pools(clock, user_agent, tls, instants, nameservers)
    client = Client(pools, CookieJar(now))
    client.prepare(DIRECT)
    try:
        yield client
    finally:
        await pools.close()


def _readable(value: str) -> str:
    """A header's value without bytes that are no UTF-8, which no record could hold."""
    return value if value.isascii() else value.encode(errors="surrogateescape").decode(errors="replace")


def _in_pieces(body: bytes | None) -> bytes | BytesIO | None:
    """A large body is handed to the transport bit by bit, so that the loop does other work in between."""
    return body if body is None or len(body) <= _ONE_PIECE else BytesIO(body)


def _reject_coding(response: aiohttp.ClientResponse) -> None:
    """StepFailure when the body cannot be told from how it is transferred: no coding but chunked was asked for."""
    codings = ", ".join(response.headers.getall("Transfer-Encoding", ()))
    if codings.lower() not in ("", "chunked"):
        message = f"the answer comes in a transfer coding that nobody asked for: {_readable(codings)[:80]}"
        raise StepFailure(Failure(Cause.PROTOCOL, message))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise StepFailure(Failure(Cause.PROTOCOL, f"the body is larger than {MAX_BODY_BYTES // 2**20} MiB"))
    return b"".join(chunks)
