import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.wire.set_cookie import LONGEST_ATTRIBUTE, LONGEST_PAIR, SetCookie, read_date, read_set_cookie

NOW = datetime(2026, 11, 25, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        ("a=b", SetCookie("a", "b")),
        ('\ta = "b;c" ; Path = /x', SetCookie("a", '"b', path="/x")),
        ("a=b; Path=x; Secure; HttpOnly; SameSite=Lax", SetCookie("a", "b", secure=True)),
        ("a=b; path=/x; PATH=nowhere", SetCookie("a", "b")),
        ("a=b; Domain=.Shop.EXAMPLE; domain=", SetCookie("a", "b", domain="shop.example")),
        ("a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", SetCookie("a", "b", expires=NOW + 60)),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT", SetCookie("a", "b", expires=10)),
        ("a=b; Max-Age=-5", SetCookie("a", "b", expires=-math.inf)),
        ("a=b; Max-Age=" + "9" * 1000, SetCookie("a", "b", expires=math.inf)),
        ("a=b; Max-Age=1.5; Expires=soon", SetCookie("a", "b")),
        ("a=b\r\nX: y", SetCookie("a", "b")),
        ("ключ=значение", SetCookie("ключ", "значение")),
        ("a=" + "b" * (LONGEST_PAIR - 1), SetCookie("a", "b" * (LONGEST_PAIR - 1))),
        ("a=" + "b" * LONGEST_PAIR, None),
        ("a=" + "ё" * (LONGEST_PAIR // 2), None),
        ("a=b; path=/" + "x" * LONGEST_ATTRIBUTE, SetCookie("a", "b")),
        ("a", None),
        ("=b", None),
        ("", None),
        ("a=b\x01", None),
        ("a=b; path=/\x7f", None),
        (b"a=\xff".decode(errors="surrogateescape"), None),
    ],
)
def test_a_header_is_read_as_browsers_do(header: str, cookie: SetCookie | None) -> None:
    assert read_set_cookie(header, NOW) == cookie


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("08:49:37 november 6 69", datetime(2069, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("6-Nov-70 8:9:7x", datetime(1970, 11, 6, 8, 9, 7, tzinfo=UTC)),
        ("31 Feb 2027 00:00:00", None),
        ("6 Nov 1600 00:00:00", None),
        ("6 Nov 1994 24:00:00", None),
        ("6 Nov 1994", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_any_order_of_its_parts(text: str, date: datetime | None) -> None:
    assert read_date(text) == date


@given(st.text(st.characters(codec=None), max_size=200))
def test_whatever_a_header_says_is_a_cookie_that_can_be_sent_or_none(text: str) -> None:
    for header in (
        text,
        f"a={text}",
        f"a=b; {text}",
        f"a=b; expires={text}; max-age={text}; domain={text}; path={text}",
    ):
        cookie = read_set_cookie(header, NOW)
        if cookie is not None:
            sent = f"{cookie.name}={cookie.value}"
            assert len(sent.encode()) <= LONGEST_PAIR + 1
            assert not set(sent) & {";", "\r", "\n", "\0"}


@given(st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)), st.permutations(range(4)))  # noqa: DTZ001 - for Hypothesis
def test_every_date_that_is_written_is_read(date: datetime, order: list[int]) -> None:
    parts = [f"{date:%H:%M:%S}", f"{date:%d}", f"{date:%b}", f"{date.year}"]
    assert read_date(" ".join(parts[each] for each in order)) == date.replace(microsecond=0, tzinfo=UTC)
