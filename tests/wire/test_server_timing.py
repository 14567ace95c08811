import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.served import ServerTiming
from probe.wire.server_timing import MOST, read_server_timing

MS = 1_000_000


def read(*values: str) -> list[ServerTiming]:
    return list(read_server_timing([("Content-Type", "a;b"), *(("server-TIMING", value) for value in values)]))


@pytest.mark.parametrize(
    ("value", "metrics"),
    [
        ("miss", [ServerTiming("miss")]),
        ("db;dur=53", [ServerTiming("db", 53 * MS)]),
        ('db;dur=53.25;desc="Data, base; all"', [ServerTiming("db", 53_250_000, "Data, base; all")]),
        ("a;dur=1, b;dur=2,c", [ServerTiming("a", MS), ServerTiming("b", 2 * MS), ServerTiming("c")]),
        ('a;desc="say \\"hi\\"";dur=.5', [ServerTiming("a", MS // 2, 'say "hi"')]),
        ("a ; dur = 7 ; desc = cache", [ServerTiming("a", 7 * MS, "cache")]),
        ("a;DUR=1;dur=2", [ServerTiming("a", MS)]),
        ("a;dur=1;dur", [ServerTiming("a", MS)]),
        ('a;dur="4.5"', [ServerTiming("a", 4_500_000)]),
        ("a;other=1;dur=2", [ServerTiming("a", 2 * MS)]),
    ],
)
def test_what_the_standard_allows_is_read(value: str, metrics: list[ServerTiming]) -> None:
    assert read(value) == metrics


@pytest.mark.parametrize(
    ("value", "metrics"),
    [
        ("", []),
        (",;,,=", []),
        ("é;dur=1, b", [ServerTiming("b")]),
        ("a b;dur=1", []),
        ("a;dur=soon", [ServerTiming("a")]),
        ("a;dur=-1", [ServerTiming("a")]),
        ("a;dur=1e9", [ServerTiming("a")]),
        ("a;dur=nan", [ServerTiming("a")]),
        ("a;dur=" + "9" * 13, [ServerTiming("a")]),
        ('a;desc="no end, b', [ServerTiming("a", None, "no end, b")]),
        ('a;desc="x"y;dur=1', [ServerTiming("a", MS, "x")]),
        ('a;desc="\\', [ServerTiming("a")]),
        ("x" * 65, []),
        ("a;1;2;3;4;5;6;7;dur=1", [ServerTiming("a", MS)]),
        ("a;1;2;3;4;5;6;7;8;dur=1", [ServerTiming("a")]),
        (",".join("," * MOST) + "a", []),
        ("a;desc=" + "x" * 201, [ServerTiming("a", None, "x" * 200)]),
    ],
)
def test_what_cannot_be_read_is_passed_over(value: str, metrics: list[ServerTiming]) -> None:
    assert read(value) == metrics


def test_several_headers_are_one() -> None:
    assert read("a;dur=1", "b") == [ServerTiming("a", MS), ServerTiming("b")]


def test_no_answer_fills_a_record() -> None:
    assert len(read(",".join(f"m{n}" for n in range(10 * MOST)))) == MOST


@given(st.text('ab;,="\\ .1\n\u2028', max_size=60))
def test_no_header_breaks_it(value: str) -> None:
    assert all(metric.name for metric in read(value))


@pytest.mark.parametrize("attack", ['"', '"\\', "\\", ";", ",", 'a;desc="\\"', "=", " "])
def test_no_header_holds_it_up(attack: str) -> None:
    """Ten times as much takes no hundred times as long, beyond what is looked at."""
    took = []
    for size in (8192, 8192 * 100):
        value = attack * (size // len(attack))
        began = time.perf_counter_ns()
        read(value)
        took.append(time.perf_counter_ns() - began)
    assert took[1] < 100 * took[0] + 100 * MS
