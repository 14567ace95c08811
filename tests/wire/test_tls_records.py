import random

from hypothesis import given
from hypothesis import strategies as st

from probe.wire.tls_records import Records


def record(length: int) -> bytes:
    return b"\x17\x03\x03" + length.to_bytes(2, "big") + random.Random(length).randbytes(length)


def test_a_record_is_open_until_its_last_byte_is_there() -> None:
    records, whole = Records(), record(9)
    states = [(records.follow(whole[at : at + 1]), records.open) for at in range(len(whole))]
    assert states == [(0, True), *[(1, True)] * 12, (1, False)]


def test_what_completes_a_record_is_told_from_what_follows_it() -> None:
    records = Records()
    assert (records.follow(record(9) + record(30)[:20]), records.open) == (0, True)
    assert (records.follow(record(30)[20:] + record(5)), records.open) == (15, False)


def test_a_record_of_no_length_is_whole_with_its_header() -> None:
    records = Records()
    assert (records.follow(record(0) + record(0)[:4]), records.open) == (0, True)
    assert (records.follow(record(0)[4:] + record(3)), records.open) == (1, False)


@given(st.lists(st.integers(0, 300)), st.lists(st.integers(1, 200)))
def test_however_the_bytes_are_cut_the_records_are_the_same(lengths: list[int], cuts: list[int]) -> None:
    data, ends, at = b"".join(map(record, lengths)), {0}, 0
    for length in lengths:
        ends.add(max(ends) + 5 + length)
    records = Records()
    for cut in [*cuts, len(data)]:
        piece, begun = data[at : at + cut], at not in ends
        end = min((each for each in ends if each >= at), default=at)
        assert records.follow(piece) == (min(end - at, len(piece)) if begun else 0)
        at += len(piece)
        assert records.open is (at not in ends)
