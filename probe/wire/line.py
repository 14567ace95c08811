"""Connections without HTTP: opened, timed and explained like those of requests, which is aiohttp's part of the work."""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from yarl import URL

from probe.errors import StepFailure
from probe.model.address import Address
from probe.model.certificate import TlsFacts
from probe.model.result import Cause, Failure
from probe.model.size import format_size
from probe.wire.certificate import read_tls
from probe.wire.connector import MarkedConnector, current_marks
from probe.wire.marks import Marks
from probe.wire.trouble import failure_of

MOST_READ = 64 * 1024


class Line:
    """A connection to whoever speaks there; `address` names it in messages."""

    def __init__(self, protocol: Any, marks: Marks, address: str) -> None:
        self._protocol = protocol
        self._marks = marks
        self._address = address
        self._incoming = _Incoming()
        self.came = self._incoming.data
        """What was read so far."""

    @property
    def tls(self) -> TlsFacts:
        return read_tls(self._protocol.transport.get_extra_info("ssl_object"))

    async def send(self, data: bytes) -> None:
        self._protocol.transport.write(data)
        if self._protocol._paused:  # noqa: SLF001 - as aiohttp's own writer asks
            await self._protocol._drain_helper()  # noqa: SLF001

    async def read_until(self, wanted: bytes) -> None:
        """Until that came, anywhere in what was read. StepFailure when it did not before the end."""
        self._protocol.set_parser(self._incoming, None)
        while wanted not in self.came:
            if len(self.came) > MOST_READ:
                raise self._failure(f"{self._address} sent {format_size(len(self.came))} without", wanted)
            if self._incoming.ended:
                raise self._end(wanted)
            self._incoming.moved.clear()
            await self._incoming.moved.wait()

    def _end(self, wanted: bytes) -> StepFailure:
        error = self._protocol.exception()
        if isinstance(error, aiohttp.ClientOSError):
            return StepFailure(failure_of(error, f"tcp://{self._address}", self._marks))
        came = f"after {len(self.came)} bytes, " if self.came else ""
        return self._failure(f"{self._address} closed the connection {came}without", wanted)

    def _failure(self, what: str, wanted: bytes) -> StepFailure:
        text = wanted.decode(errors="replace")
        came = bytes(self.came[:MOST_READ]).decode(errors="replace")
        return StepFailure(Failure(Cause.PROTOCOL, f"{what} {text!r} in it", expected=text, actual=came or "nothing"))


class _Incoming:
    """A parser of aiohttp's protocol that only collects."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended = False
        self.moved = asyncio.Event()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if len(self.data) <= MOST_READ:
            self.data += data
        self.moved.set()
        return False, b""

    def feed_eof(self) -> None:
        self.ended = True
        self.moved.set()


@asynccontextmanager
async def open_line(
    connector: MarkedConnector,
    address: Address,
    marks: Marks,
    context: ssl.SSLContext | None = None,
    server_name: str | None = None,
) -> AsyncIterator[Line]:
    """TLS with a `context`. StepFailure when there is no connection; `marks` are to be finished by who opens it."""
    url = URL.build(scheme="https" if context else "http", host=address.host, port=address.port)
    current_marks.set(marks)
    request = aiohttp.ClientRequest(
        "GET", url, loop=asyncio.get_running_loop(), ssl=context or True, server_hostname=server_name
    )
    try:
        connection = await connector.connect(request, [], aiohttp.ClientTimeout())
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise StepFailure(failure_of(error, str(url), marks)) from error
    try:
        yield Line(connection.protocol, marks, str(address))
    finally:
        connection.close()


@functools.lru_cache(maxsize=16)
def offering(alpn: tuple[str, ...], trust: ssl.SSLContext | None) -> ssl.SSLContext:
    """A context that offers these protocols and trusts what `trust` does, or what the system does. Takes 10 ms once."""
    context = ssl.create_default_context()
    if trust is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for authority in trust.get_ca_certs(binary_form=True):
            context.load_verify_locations(cadata=authority)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
