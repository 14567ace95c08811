"""An answer as far as it came: bounded, and kept also when the exchange is cut short."""

import asyncio
import hashlib
from typing import Any, Protocol

import aiohttp

from probe.errors import StepFailure
from probe.model.observation import MAX_BODY
from probe.model.result import Cause, Failure
from probe.model.size import format_size
from probe.wire.charset import charset_of
from probe.wire.encoding import CodingError, Decoder, codings_of

MOST_UNPACKED = 100
"""A body beyond what is kept may be so many times larger than what came: zip bombs are a thousand times."""
_TURN_BYTES = 2**20
"""After so much was unpacked, other runs get their turn."""


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Received:
    """`most_kept` bytes of the decoded body are kept; the rest is counted and hashed."""

    def __init__(self, most_kept: int = MAX_BODY) -> None:
        self._most_kept = most_kept
        self._kept = bytearray()
        self._hash: _Hash | None = None
        self.status: int | None = None
        self.http_version = ""
        self.headers: tuple[tuple[str, str], ...] = ()
        self.wire_bytes = 0
        """Of the body, as they came."""
        self.body_bytes = 0
        """Of the body when it was decoded."""
        self._said_charset: str | None = None
        self._media_type = ""
        self._unknown_coding = ""

    async def read(self, response: aiohttp.ClientResponse) -> None:
        """The head that is there, then the body to its end. StepFailure when it is not encoded as it says."""
        self._take_head(response)
        codings = codings_of(response.headers.getall("Content-Encoding", ()))
        try:
            await (self._decode(response, Decoder(codings)) if codings else self._copy(response))
        except CodingError as error:
            message = f"the answer of {response.url.host_port_subcomponent} {error}"
            raise StepFailure(Failure(Cause.PROTOCOL, message)) from None

    async def _copy(self, response: aiohttp.ClientResponse) -> None:
        async for chunk in response.content.iter_any():
            self.wire_bytes += len(chunk)
            self._keep(chunk)

    async def _decode(self, response: aiohttp.ClientResponse, decoder: Decoder) -> None:
        self._unknown_coding = decoder.unknown
        async for chunk in response.content.iter_any():
            await self._take(chunk, decoder)
        decoder.finish()

    @property
    def body(self) -> bytes:
        return bytes(self._kept)

    @property
    def sha256(self) -> str:
        """Of the whole decoded body, when it is more than what was kept; empty otherwise."""
        return self._hash.hexdigest() if self._hash else ""

    @property
    def charset(self) -> str:
        return self._charset()[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know who wonders about the body."""
        notes = []
        if self._unknown_coding:
            notes.append(f"the Content-Encoding {self._unknown_coding[:40]} is unknown: the body is as it came")
        if self._kept and (note := self._charset()[1]):
            notes.append(note)
        if self._hash is not None:
            kept, size = format_size(len(self._kept)), format_size(self.body_bytes)
            notes.append(f"the body was cut at max_body, {kept} of {size}; its SHA-256 is {self.sha256}")
        return tuple(notes)

    def _charset(self) -> tuple[str, str]:
        return charset_of(self._said_charset, self._media_type, bytes(self._kept[:1024]))

    def _take_head(self, response: aiohttp.ClientResponse) -> None:
        version: Any = response.version
        self.status = response.status
        self.http_version = f"{version.major}.{version.minor}" if version else ""
        self.headers = tuple((name, readable(value)) for name, value in response.headers.items())
        self._said_charset = response.charset
        self._media_type = response.content_type.lower()

    async def _take(self, chunk: bytes, decoder: Decoder) -> None:
        self.wire_bytes += len(chunk)
        turn = self.body_bytes
        for piece in decoder.feed(chunk):
            self._keep(piece)
            if decoder.unpacked_bytes > max(self._most_kept, MOST_UNPACKED * self.wire_bytes):
                unpacked = f"{format_size(self.wire_bytes)} to more than {format_size(decoder.unpacked_bytes)}"
                raise CodingError(f"unpacks from {unpacked}: a decompression bomb, or max_body is too small for it")
            if self.body_bytes - turn > _TURN_BYTES:
                turn = self.body_bytes
                await asyncio.sleep(0)

    def _keep(self, piece: bytes) -> None:
        self.body_bytes += len(piece)
        room = self._most_kept - len(self._kept)
        if self._hash is None and len(piece) > room:
            self._hash = hashlib.sha256(self._kept)
            self._hash.update(piece)
        elif self._hash is not None:
            self._hash.update(piece)
        self._kept += piece[:room]


def readable(value: str) -> str:
    """A header's value without bytes that are no UTF-8, which no record could hold."""
    return value if value.isascii() else value.encode(errors="surrogateescape").decode(errors="replace")
