import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from probe.hub.inflate import LARGEST_WINDOW, TooLarge, inflate, zstd

TEXT = b"a line of a record\n" * 5000
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress, "identity": bytes}
MIB = 2**20


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_comes_out_as_it_went_in_up_to_the_limit(encoding: str) -> None:
    packed = PACKERS[encoding](TEXT)
    assert inflate(packed, encoding, len(TEXT)) == TEXT
    with pytest.raises(TooLarge):
        inflate(packed, encoding, len(TEXT) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda packed: packed[:-1], "cut short"),
        (lambda packed: b"", "cut short"),
        (lambda packed: packed + b"x", "something follows"),
        (lambda packed: b"{" + packed, "decompress"),
    ],
    ids=["cut", "empty", "more", "other"],
)
def test_a_spoilt_body_is_told_what_is_wrong(encoding: str, spoil: Callable[[bytes], bytes], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        inflate(spoil(PACKERS[encoding](TEXT)), encoding, len(TEXT))


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="the encoding br is not known here; gzip, zstd and identity are"):
        inflate(TEXT, "br", len(TEXT))


def test_a_frame_cannot_ask_for_a_large_window() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: LARGEST_WINDOW + 1}
    packed = zstd.compress(bytes(20 * MIB), options=options)
    with pytest.raises(ValueError, match="too much memory"):
        inflate(packed, "zstd", 30 * MIB)


def bomb(encoding: str, mebibytes: int) -> bytes:
    packer = zstd.ZstdCompressor(1) if encoding == "zstd" else zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(mebibytes)) + packer.flush()


def cost(body: bytes, encoding: str, limit: int) -> tuple[float, int]:
    """Seconds of processor time, and bytes at the most."""
    tracemalloc.start()
    began = time.thread_time()
    with pytest.raises(TooLarge):
        inflate(body, encoding, limit)
    took, (_, most) = time.thread_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return took, most


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_costs_what_its_limit_does_not_what_it_holds(encoding: str) -> None:
    small, large = bomb(encoding, 8), bomb(encoding, 512)
    honest, hostile = cost(small, encoding, 4 * MIB), cost(large, encoding, 4 * MIB)
    assert hostile[1] < honest[1] + len(large) + MIB
    assert hostile[0] < 10 * honest[0] + 0.05
