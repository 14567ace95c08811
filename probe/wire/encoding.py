"""Content codings (RFC 9110 §8.4), undone a few kilobytes at a time, so that no answer can unpack into our memory.

aiohttp's own decompression is off: it knows one coding per answer, and does not say when one ends too early.
"""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

ACCEPTED = "gzip, deflate, br, zstd"
"""All that can be undone, as browsers say it."""
PIECE_BYTES = 64 * 1024
MOST_LAYERS = 5
"""As curl has it."""
MOST_MEMBERS = 1000
"""Data may be several ends put together (RFC 1952 §2.2, RFC 8878 §3.1): more than a few are an attack."""
_WINDOW_LOG = 23
"""Of zstd: 8 MB is the largest window the coding allows (RFC 9659 §3)."""


class CodingError(Exception):
    """The words go on after "the answer of …"."""


class _Coding(Protocol):
    @property
    def error(self) -> type[Exception]:
        """What is raised at data that is none of it."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What comes out, in pieces of about PIECE_BYTES."""

    @property
    def ended(self) -> bool:
        """Whether its own end was seen."""


class Decoder:
    """Undoes the codings of an answer, the last one first."""

    def __init__(self, codings: Sequence[str]) -> None:
        """In the order they were applied; `unknown` ones are left as they are, and what lies beneath them too."""
        if len(codings) > MOST_LAYERS:
            raise CodingError(f"is encoded {len(codings)} times, which no server means")
        self._layers: list[_Layer] = []
        self.unknown = ""
        self.unpacked_bytes = 0
        """What came out of all layers: the work that was done."""
        for name in reversed(codings):
            if name not in _CODINGS:
                self.unknown = name
                break
            self._layers.append(_Layer(name, _CODINGS[name]()))

    def feed(self, data: bytes) -> Iterator[bytes]:
        pieces: Iterable[bytes] = (data,)
        for layer in self._layers:
            pieces = self._counted(layer.through(pieces))
        yield from pieces

    def finish(self) -> None:
        """CodingError when a coding did not come to its end. No data at all needs none."""
        for layer in self._layers:
            layer.finish()

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.unpacked_bytes += len(piece)
            yield piece


def codings_of(header: Iterable[str]) -> list[str]:
    """What the lines of a Content-Encoding say, in lower case, without those that change nothing."""
    names = (name.strip().lower() for line in header for name in line.split(","))
    return [name.removeprefix("x-") for name in names if name not in ("", "identity")]


class _Layer:
    def __init__(self, name: str, coding: _Coding) -> None:
        self._name = name
        self._coding = coding
        self._count = 0

    def through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._count += len(piece)
            try:
                yield from self._coding.feed(piece)
            except self._coding.error as error:
                raise CodingError(f"is not {self._name}, as it says: {_reason(error)}") from None

    def finish(self) -> None:
        if self._count and not self._coding.ended:
            raise CodingError(f"breaks off: its {self._name} data has no end after {self._count} bytes")


def _reason(error: Exception) -> str:
    """zlib says `Error -3 while decompressing data: incorrect header check`."""
    return (str(error).rpartition("data: ")[2] or type(error).__name__).rstrip(".")[:100].lower()


class _Zlib:
    """gzip of one member or more, and both things that deflate has come to mean."""

    error = zlib.error

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inflate: Any = zlib.decompressobj(31) if gzip else None
        self._members = 1

    @property
    def ended(self) -> bool:
        return self._inflate is not None and self._inflate.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            # RFC 9110 §8.4.1.2: in the zlib format; some send the raw data
            self._inflate = zlib.decompressobj(15 if data[0] & 0x0F == 8 else -15)
        piece = b""
        while data or len(piece) == PIECE_BYTES:
            if self._inflate.eof:
                if not self._gzip or data.lstrip(b"\0")[:1] != b"\x1f":
                    return  # what comes after the end counts for nothing, as in browsers
                self._next_member()
            piece = self._inflate.decompress(data, PIECE_BYTES)
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if piece:
                yield piece

    def _next_member(self) -> None:
        self._members += 1
        _limit(self._members)
        self._inflate = zlib.decompressobj(31)


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self.error: type[Exception] = brotli.error
        self._decompressor = brotli.Decompressor()

    @property
    def ended(self) -> bool:
        return bool(self._decompressor.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self.ended:
            return
        piece = self._decompressor.process(data, output_buffer_limit=PIECE_BYTES)
        yield piece
        while len(piece) >= PIECE_BYTES or not self._decompressor.can_accept_more_data():
            piece = self._decompressor.process(b"", output_buffer_limit=PIECE_BYTES)
            yield piece


class _Zstd:
    def __init__(self) -> None:
        self.error: type[Exception] = _zstd().ZstdError
        self._frame = _new_frame()
        self._frames = 1

    @property
    def ended(self) -> bool:
        return bool(self._frame.eof)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._frame.needs_input or self._frame.eof):
            if self._frame.eof:
                self._frames += 1
                _limit(self._frames)
                self._frame = _new_frame()
            piece = self._frame.decompress(data, PIECE_BYTES)
            data = self._frame.unused_data if self._frame.eof else b""
            if piece:
                yield piece


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def _new_frame() -> Any:
    zstd = _zstd()
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})


def _limit(members: int) -> None:
    if members > MOST_MEMBERS:
        raise CodingError(f"is more than {MOST_MEMBERS} compressed pieces put together")


_CODINGS: dict[str, Callable[[], _Coding]] = {
    "gzip": lambda: _Zlib(gzip=True),
    "deflate": lambda: _Zlib(gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}
