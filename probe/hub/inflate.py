"""Compressed bodies, never unpacked beyond a limit: a bomb costs no more memory or time than an honest body."""

import sys
import zlib
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["TooLarge", "inflate", "zstd"]

GZIP = 16 + zlib.MAX_WBITS
LARGEST_WINDOW = 23
"""Logarithm to base 2, as RFC 8878 §3.1.1.1.2 recommends: a frame cannot ask for more memory than 8 MiB."""


class TooLarge(Exception):  # noqa: N818 - what it says is what is wrong
    """It is larger, unpacked, than may be."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """ValueError when it is not of that encoding, or not all of it; TooLarge beyond `limit` bytes."""
    match encoding:
        case "identity" | "":
            if len(body) > limit:
                raise TooLarge
            return body
        case "gzip":
            return _unpack(zlib.decompressobj(GZIP), body, limit)
        case "zstd":
            options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: LARGEST_WINDOW}
            return _unpack(zstd.ZstdDecompressor(options=options), body, limit)
    raise ValueError(f"the encoding {encoding} is not known here; gzip, zstd and identity are")


def _unpack(unpacker: _Unpacker, body: bytes, limit: int) -> bytes:
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except (zlib.error, zstd.ZstdError) as error:
        raise ValueError(str(error)) from None
    if len(unpacked) > limit:
        raise TooLarge
    if not unpacker.eof:
        raise ValueError("the compressed data is cut short")
    if unpacker.unused_data:
        raise ValueError("something follows the compressed data")
    return unpacked
