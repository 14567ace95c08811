"""HTTP for one run: keep-alive within it, fresh connections between runs, cookies of its own, nothing sent twice."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock
from probe.wire.body import BodyPayload
from probe.wire.connector import MarkedConnector, current_marks
from probe.wire.cookies import CookieJar
from probe.wire.digest import Challenge
from probe.wire.marks import Marks
from probe.wire.pools import Pools
from probe.wire.received import Received, readable
from probe.wire.request import Headers, Request, has_header
from probe.wire.route import DIRECT, Route
from probe.wire.trouble import failure_of, unresolved


class Answer(Struct, frozen=True):
    url: str
    status: int
    http_version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    charset: str
    body_bytes: int
    """Of the decoded body, of which `body` is the beginning."""
    sha256: str
    """Of the decoded body, when it is more than `body`."""
    notes: tuple[str, ...]

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

    async def send(
        self, request: Request, marks: Marks, received: Received | None = None, route: Route = DIRECT
    ) -> Answer:
        """The answer, read to its end. StepFailure when there is none; then `received` has what came of it.

        `marks` are finished in any case.
        """
        current_marks.set(marks)
        complete = False
        try:
            answer = await self._send(request, Received() if received is None else received, route)
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

    async def _send(self, request: Request, received: Received, route: Route) -> Answer:
        sent = request.body
        async with self._pools.session(route, fresh=request.fresh, exact=request.exact).request(
            request.method,
            request.url,
            headers=CIMultiDict(self._headers(request)),
            data=BodyPayload(sent) if sent else None,
            chunked=True if sent and sent.chunked else None,
            allow_redirects=False,
        ) as response:
            self._jar.take(response.headers.getall("Set-Cookie", ()), response.url)
            _reject_coding(response)
            await received.read(response)
            return Answer(
                url=request.url,
                status=response.status,
                http_version=received.http_version,
                headers=received.headers,
                body=received.body,
                charset=received.charset,
                body_bytes=received.body_bytes,
                sha256=received.sha256,
                notes=received.notes,
            )

    def _headers(self, request: Request) -> Headers:
        if request.exact:
            return request.headers
        closing = (("Connection", "close"),) if request.fresh and not has_header(request.headers, "connection") else ()
        return (*self._jar.onto(request.headers, request.url), *closing)

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


def _reject_coding(response: aiohttp.ClientResponse) -> None:
    """StepFailure when the body cannot be told from how it is transferred: no coding but chunked was asked for."""
    codings = ", ".join(response.headers.getall("Transfer-Encoding", ()))
    if codings.lower() not in ("", "chunked"):
        message = f"the answer comes in a transfer coding that nobody asked for: {readable(codings)[:80]}"
        raise StepFailure(Failure(Cause.PROTOCOL, message))
