from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from probe.wire.cookies import MOST, MOST_OF_A_DOMAIN, CookieJar

START = datetime(2026, 11, 25, tzinfo=UTC)
SHOP = "https://www.shop.example/cart/items"


class Wall:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


def jar_with(*headers: str, url: str = SHOP) -> CookieJar:
    jar = CookieJar(lambda: START)
    jar.take(headers, URL(url))
    return jar


def sent(jar: CookieJar, url: str = SHOP) -> str:
    return dict(jar.onto((), url)).get("Cookie", "")


@pytest.mark.parametrize(
    ("setter", "header", "getter", "expected"),
    [
        (SHOP, "a=1", "https://www.shop.example/cart/other", "a=1"),
        (SHOP, "a=1", "https://www.shop.example/", ""),
        (SHOP, "a=1", "https://api.www.shop.example/cart/", ""),
        (SHOP, "a=1; Domain=www.shop.example", "https://api.www.shop.example/cart/", "a=1"),
        (SHOP, "a=1; Domain=shop.example; Path=/", "https://shop.example", "a=1"),
        (SHOP, "a=1; Domain=shop.example; Path=/", "https://notshop.example/", ""),
        (SHOP, "a=1; Domain=example; Path=/", SHOP, ""),
        (SHOP, "a=1; Domain=api.shop.example; Path=/", "https://api.shop.example/", ""),
        (SHOP, "a=1; Path=/cart", "https://www.shop.example/cartoon", ""),
        (SHOP, "a=1; Path=/; Secure", "http://www.shop.example/", ""),
        ("http://www.shop.example/", "a=1; Secure", SHOP, ""),
        ("http://127.0.0.1:8080/", "a=1", "http://127.0.0.1:9090/", "a=1"),
        ("http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1/", "a=1"),
        ("http://127.0.0.1/", "a=1; Domain=0.0.1", "http://127.0.0.1/", ""),
        ("http://10.127.0.0.1.example/", "a=1; Domain=127.0.0.1", "http://127.0.0.1/", ""),
        ("http://[::1]:1/", "a=1", "http://[::1]:2/", "a=1"),
        ("http://localhost/", "a=1; Domain=localhost", "http://localhost/", "a=1"),
        ("http://localhost/", "a=1; Domain=localhost", "http://x.localhost/", ""),
        ("https://bücher.example/", "a=1; Domain=xn--bcher-kva.example", "https://www.bücher.example/", "a=1"),
        (SHOP, "__Secure-a=1", SHOP, ""),
        (SHOP, "__Secure-a=1; Secure", SHOP, "__Secure-a=1"),
        (SHOP, "__Host-a=1; Secure; Path=/", SHOP, "__Host-a=1"),
        (SHOP, "__Host-a=1; Secure", SHOP, ""),
        (SHOP, "__Host-a=1; Secure; Path=/; Domain=www.shop.example", SHOP, ""),
    ],
)
def test_a_cookie_goes_where_it_may_and_nowhere_else(setter: str, header: str, getter: str, expected: str) -> None:
    assert sent(jar_with(header, url=setter), getter) == expected


def test_the_longest_path_comes_first_then_the_oldest_and_a_new_value_keeps_its_place() -> None:
    jar = jar_with("a=1; Path=/", "b=2; Path=/", "c=3; Path=/cart", "a=4; Path=/", "a=5; Path=/cart")
    assert sent(jar) == "c=3; a=5; a=4; b=2"


def test_a_cookie_that_expires_is_gone() -> None:
    wall = Wall()
    jar = CookieJar(wall.now)
    jar.take(["a=1; Max-Age=60", "b=2", "c=3; Expires=Wed, 25 Nov 2026 00:02:00 GMT"], URL(SHOP))
    seen = [sent(jar)]
    for _ in range(2):
        wall.time += timedelta(seconds=60)
        seen.append(sent(jar))
    assert seen == ["a=1; b=2; c=3", "b=2; c=3", "b=2"]


def test_a_cookie_is_deleted_by_one_that_is_over() -> None:
    jar = jar_with("a=1", "b=2", "a=; Max-Age=0", "c=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    assert (sent(jar), len(jar)) == ("b=2", 1)


def test_a_connection_that_anybody_can_read_does_not_replace_a_secure_cookie() -> None:
    jar = jar_with("a=safe; Secure; Path=/cart")
    jar.take(["a=forged; Path=/cart/items", "a=elsewhere; Path=/", "b=2; Path=/"], URL("http://www.shop.example/"))
    assert sent(jar) == "a=safe; a=elsewhere; b=2"


def test_a_cookie_header_of_the_journey_comes_first_and_wins_by_name() -> None:
    jar = jar_with("a=1", "b=2")
    assert jar.onto((("X", "y"), ("cookie", "b=mine; c")), SHOP) == (("X", "y"), ("Cookie", "b=mine; c; a=1"))


@pytest.mark.parametrize("url", ["https://shop.example:port/", "https:///", "nowhere"])
def test_an_address_that_is_none_gets_no_cookies_and_no_error(url: str) -> None:
    assert sent(jar_with("a=1"), url) == ""


def test_ten_thousand_cookies_leave_the_latest_of_a_domain() -> None:
    jar = jar_with(*(f"c{number}=x" for number in range(10_000)))
    names = [cookie.name for cookie in jar.matching(URL(SHOP))]
    assert names == [f"c{number}" for number in range(10_000 - MOST_OF_A_DOMAIN, 10_000)]


def test_many_domains_do_not_fill_the_jar() -> None:
    jar = CookieJar(lambda: START)
    for number in range(MOST + 100):
        jar.take(["a=1"], URL(f"https://shop{number}.example/"))
    kept = [bool(sent(jar, f"https://shop{number}.example/")) for number in (99, 100, MOST + 99)]
    assert (len(jar), kept) == (MOST, [False, True, True])


NAMES = st.text("abcdefghij_-", min_size=1, max_size=5)
VALUES = st.text("abc/=+\"'{}ü", max_size=5)


@given(st.dictionaries(NAMES, VALUES, max_size=10))
def test_what_is_set_comes_back_byte_by_byte_in_its_order(cookies: dict[str, str]) -> None:
    jar = jar_with(*(f"{name}={value}" for name, value in cookies.items()))
    assert sent(jar) == "; ".join(f"{name}={value}" for name, value in cookies.items())


@given(st.lists(st.text(st.characters(codec=None), max_size=60), max_size=20), st.text(max_size=20))
def test_a_jar_takes_anything(headers: list[str], path: str) -> None:
    jar = jar_with(*headers, *(f"a={header}" for header in headers), *(f"a=b; {header}" for header in headers))
    header = sent(jar, f"https://www.shop.example/{path}")
    assert header.encode() is not None
    assert len(jar) <= MOST_OF_A_DOMAIN


@given(st.dictionaries(NAMES, st.text("abc123", max_size=5), max_size=10))
def test_a_server_reads_what_is_sent(cookies: dict[str, str]) -> None:
    read = SimpleCookie(sent(jar_with(*(f"{name}={value}" for name, value in cookies.items()))))
    assert {name: morsel.value for name, morsel in read.items()} == cookies
