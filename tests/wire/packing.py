"""Bodies as servers pack them."""

import gzip
import zlib
from collections.abc import Callable
from functools import cache, partial

import brotli
from backports import zstd


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=4),
    "zstd": zstd.compress,
}


@cache
def bomb(coding: str) -> bytes:
    """128 MiB of nothing."""
    return PACK[coding](bytes(2**27))
