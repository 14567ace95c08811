import random
import zlib
from collections.abc import Callable

import pytest
from backports import zstd

from probe.wire.encoding import ACCEPTED, MOST_LAYERS, MOST_MEMBERS, PIECE_BYTES, CodingError, Decoder, codings_of
from tests.wire.packing import PACK, bomb, raw_deflate

TEXT = b"The quay is long, and the boats are small. " * 20_000
NOISE = random.Random(1).randbytes(300_000)


def undone(codings: list[str], data: bytes, at_once: int = 10_000) -> bytes:
    decoder = Decoder(codings)
    pieces = [piece for start in range(0, len(data), at_once) for piece in decoder.feed(data[start : start + at_once])]
    decoder.finish()
    assert max(map(len, pieces), default=0) <= 2 * PIECE_BYTES
    return b"".join(pieces)


def test_all_that_is_accepted_can_be_undone() -> None:
    assert ACCEPTED.split(", ") == list(PACK)


BODIES = (TEXT, NOISE, b"x", b"x" * PIECE_BYTES, b"x" * 3 * PIECE_BYTES)


@pytest.mark.parametrize("at_once", [1, 7, 1000, 10**9])
@pytest.mark.parametrize("coding", PACK)
def test_each_coding_is_undone_however_its_data_comes(coding: str, at_once: int) -> None:
    packed = [(body, PACK[coding](body)) for body in BODIES]
    for body, data in packed:
        if len(data) <= at_once * 5000:  # more of the same says no more, and takes long
            assert undone([coding], data, at_once) == body


@pytest.mark.parametrize("coding", PACK)
def test_an_empty_body_may_be_packed_or_not_be_there(coding: str) -> None:
    assert undone([coding], PACK[coding](b"")) == b""
    assert undone([coding], b"") == b""


def test_deflate_may_be_the_raw_data() -> None:
    assert undone(["deflate"], raw_deflate(TEXT), 1) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("at_once", [1, 10**9])
def test_pieces_that_were_put_together_come_out_together(coding: str, at_once: int) -> None:
    pack = PACK[coding]
    assert undone([coding], pack(b"one") + pack(b"") + pack(b"two"), at_once) == b"onetwo"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_of_such_pieces_there_may_not_be_many(coding: str) -> None:
    with pytest.raises(CodingError, match=f"^is more than {MOST_MEMBERS} compressed pieces put together$"):
        undone([coding], PACK[coding](b"") * (MOST_MEMBERS + 1))


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_comes_after_the_end_counts_for_nothing(coding: str) -> None:
    packed = PACK[coding](TEXT)
    assert undone([coding], packed + b"\0\0\nmore", len(packed)) == TEXT


def test_layers_are_undone_from_the_last_to_the_first() -> None:
    packed = TEXT
    for pack in PACK.values():
        packed = pack(packed)
    assert undone(list(PACK), packed) == TEXT


def test_a_dozen_layers_are_an_attack() -> None:
    with pytest.raises(CodingError, match=f"^is encoded {MOST_LAYERS + 1} times, which no server means$"):
        Decoder(["gzip"] * (MOST_LAYERS + 1))


@pytest.mark.parametrize(
    ("coding", "reason"),
    [
        ("gzip", "incorrect header check"),
        ("deflate", "invalid code lengths set"),
        ("br", "brotli"),
        ("zstd", "unknown frame descriptor"),
    ],
)
def test_data_that_is_something_else_is_said(coding: str, reason: str) -> None:
    with pytest.raises(CodingError, match=rf"^is not {coding}, as it says: .*{reason}"):
        undone([coding], b"<html>a page</html>")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_data_that_is_broken_in_its_middle_is_said(coding: str) -> None:
    packed = bytearray(PACK[coding](NOISE + TEXT))
    packed[-8:] = bytes(8)  # the checksum; the others have none
    with pytest.raises(CodingError):
        undone([coding], bytes(packed))


@pytest.mark.parametrize("coding", PACK)
def test_data_that_breaks_off_is_said(coding: str) -> None:
    packed = PACK[coding](TEXT)
    with pytest.raises(CodingError, match=f"^breaks off: its {coding} data has no end after {len(packed) - 1} bytes$"):
        undone([coding], packed[:-1])


def test_data_that_breaks_off_in_its_second_piece_is_said() -> None:
    with pytest.raises(CodingError, match=r"^breaks off"):
        undone(["gzip"], PACK["gzip"](b"one") + PACK["gzip"](b"two")[:-1])


def test_an_unknown_coding_is_named_and_left_with_all_beneath_it() -> None:
    decoder = Decoder(["gzip", "snappy", "br"])
    packed = PACK["br"](b"\xff\x06snappy")
    assert (b"".join(decoder.feed(packed)), decoder.unknown) == (b"\xff\x06snappy", "snappy")


@pytest.mark.parametrize("coding", PACK)
def test_a_bomb_unpacks_no_faster_than_it_is_asked_for(coding: str) -> None:
    decoder = Decoder([coding])
    pieces = decoder.feed(bomb(coding))
    first = next(piece for piece in pieces if piece)
    assert (len(first) <= 2 * PIECE_BYTES, decoder.unpacked_bytes) == (True, len(first))


def test_work_in_lower_layers_is_counted_too() -> None:
    inner = PACK["gzip"](b"") * 900
    decoder = Decoder(["gzip", "gzip"])
    assert b"".join(decoder.feed(PACK["gzip"](inner))) == b""
    assert decoder.unpacked_bytes == len(inner)


def test_a_window_larger_than_the_coding_allows_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 25, zstd.CompressionParameter.content_size_flag: 0}
    packer = zstd.ZstdCompressor(options=options)
    with pytest.raises(CodingError, match=r"^is not zstd, as it says: "):
        undone(["zstd"], packer.compress(NOISE) + packer.flush())


@pytest.mark.parametrize(
    ("lines", "codings"),
    [
        ([], []),
        (["GZIP"], ["gzip"]),
        (["x-gzip, Br", "identity", " zstd "], ["gzip", "br", "zstd"]),
        ([",,", ""], []),
    ],
)
def test_headers_say_which_codings_were_applied(lines: list[str], codings: list[str]) -> None:
    assert codings_of(lines) == codings


def test_zlib_output_that_is_still_inside_when_the_input_is_used_up_comes_out() -> None:
    packer: Callable[[bytes], bytes] = zlib.compress
    for size in (PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES):
        assert len(undone(["deflate"], packer(bytes(size)), 10**9)) == size
