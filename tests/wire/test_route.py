import socket

import pytest

from probe.wire.route import (
    DIRECT,
    Proxy,
    Redirection,
    Route,
    family_of,
    parse_endpoint,
    parse_host,
    parse_ip,
    parse_nameserver,
    parse_proxy,
    parse_redirection,
)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.test:3128", Proxy("proxy.test", 3128)),
        ("http://proxy.test:3128/", Proxy("proxy.test", 3128)),
        ("http://[::1]:3128", Proxy("::1", 3128)),
        ("http://me@proxy.test:80", Proxy("proxy.test", 80, "me")),
        ("http://me:p@ss:wo/rd#%3f@proxy.test:80", Proxy("proxy.test", 80, "me", "p@ss:wo/rd#?")),
    ],
)
def test_a_proxy_is_read(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "proxy.test:3128",
        "https://proxy.test:3128",
        "socks5://proxy.test:1080",
        "http://proxy.test",
        "http://:3128",
        "http://me:secret@",
        "http://a b:1",
        "http://x:0",
        "http://x:99999",
        "http://me:secret@x:1/path",
    ],
)
def test_what_is_no_proxy_says_what_to_write_and_quotes_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"^http://\[user:password@\]host:port$"):
        parse_proxy(text)


def test_credentials_are_sent_as_utf_8() -> None:
    assert Proxy("p", 1, "Aladdin", "open sesame").authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert Proxy("p", 1, "ü", "").authorization == "Basic w7w6"
    assert Proxy("p", 1).authorization == ""


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("bücher.test:1", ("xn--bcher-kva.test", 1)),
        ("shop.test", ("shop.test", None)),
        ("shop.test:8443", ("shop.test", 8443)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_an_endpoint_is_read(text: str, endpoint: tuple[str, int | None]) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text", ["", ":80", "a:b", "a:0", "a:", "a/b", "http://a", "a b", "u@a", "::1", "a:1?x", "a..b"]
)
def test_what_is_no_endpoint_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"^host or host:port$"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("text", "address"), [("10.0.0.1", "10.0.0.1"), ("2001:DB8:0::1", "2001:db8::1"), ("[::1]", "::1")]
)
def test_an_address_is_read(text: str, address: str) -> None:
    assert parse_ip(text) == address


@pytest.mark.parametrize("text", ["", "shop.test", "10.1", "10.0.0.256", "10.0.0.1:80"])
def test_what_is_no_address_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"^an IP address, such as 203\.0\.113\.7 or 2001:db8::7$"):
        parse_ip(text)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("10.0.0.2", "10.0.0.2"),
        ("10.0.0.2:5353", "10.0.0.2:5353"),
        ("::1", "::1"),
        ("[::1]:53", "[::1]:53"),
        ("system", "system"),
    ],
)
def test_a_name_server_is_read(text: str, server: str) -> None:
    assert parse_nameserver(text) == server


@pytest.mark.parametrize("text", ["", "dns.test", "10.0.0.2:x", "1:2:3", "10.0.0.2:0"])
def test_a_name_server_has_no_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(an IP address|host or host:port)"):
        parse_nameserver(text)


EDGE = Route(
    resolve=(("Edge.test", "10.0.0.9"), ("proxy.test", "10.0.0.3")),
    connect_to=(
        parse_redirection("shop.test", "edge.test"),
        parse_redirection("shop.test:8443", "edge.test:9443"),
        parse_redirection("api.test:80", "10.0.0.8:8080"),
    ),
)


@pytest.mark.parametrize(
    ("host", "port", "there"),
    [
        ("shop.test", 443, ("10.0.0.9", 443)),
        ("SHOP.test.", 443, ("10.0.0.9", 443)),
        ("shop.test", 8443, ("10.0.0.9", 9443)),
        ("api.test", 80, ("10.0.0.8", 8080)),
        ("api.test", 443, ("api.test", 443)),
        ("edge.test", 80, ("10.0.0.9", 80)),
        ("www.shop.test", 80, ("www.shop.test", 80)),
    ],
)
def test_where_a_request_goes_is_overridden_first_by_connect_to_then_by_resolve(
    host: str, port: int, there: tuple[str, int]
) -> None:
    assert (EDGE.towards(host, port), EDGE.first_hop(host, port)) == (there, there)


def test_with_a_proxy_it_is_the_first_hop() -> None:
    route = Route(proxy=Proxy("proxy.test", 3128), resolve=EDGE.resolve, connect_to=EDGE.connect_to)
    assert (route.first_hop("shop.test", 443), route.towards("shop.test", 443)) == (
        ("10.0.0.3", 3128),
        ("10.0.0.9", 443),
    )


def test_a_pinned_route_uses_that_address_whatever_was_said_of_the_name() -> None:
    assert EDGE.pinned("edge.test", "10.0.0.7").towards("edge.test", 80) == ("10.0.0.7", 80)
    assert DIRECT.pinned("a.test", "10.0.0.7").towards("b.test", 80) == ("b.test", 80)


def test_routes_are_told_apart_by_all_they_say() -> None:
    routes = {DIRECT, Route(), EDGE, Route(source="10.0.0.1"), Route(proxy=Proxy("a", 1)), Route(proxy=Proxy("a", 2))}
    assert len(routes) == 5
    assert Redirection("a", None, "b", 1) != Redirection("a", 80, "b", 1)


def test_an_address_has_a_family() -> None:
    assert (family_of("10.0.0.1"), family_of("::1")) == (socket.AF_INET, socket.AF_INET6)


def test_a_name_alone_has_no_port() -> None:
    assert (parse_host("Shop.test"), parse_host("bücher.test")) == ("shop.test", "xn--bcher-kva.test")
    with pytest.raises(ValueError, match=r"^a host without a port$"):
        parse_host("shop.test:443")


def test_all_hosts_on_the_way_are_known() -> None:
    route = Route(proxy=Proxy("proxy.test", 3128), connect_to=EDGE.connect_to)
    assert DIRECT.hosts_on_the_way("shop.test", 80) == ("shop.test", "shop.test")
    assert EDGE.hosts_on_the_way("shop.test", 80) == ("shop.test", "10.0.0.9")
    assert route.hosts_on_the_way("shop.test", 80) == ("shop.test", "edge.test", "proxy.test")
