import pytest

from probe.model.result import Cause
from probe.steps.http_action import Action, Follow
from probe.steps.url import trouble_of
from probe.wire.client import Client
from tests.steps.asking import PLACE, Redirecting, Serve, attempt, failure, text


@pytest.mark.parametrize(
    "location", ["ftp://shop/", "http://a..b/", "http://[x/", "http://shop:99999/", "http://127.1/", "http://a%00b/"]
)
async def test_a_redirect_to_nowhere_is_the_targets_failure(serve: Serve, session: Client, location: str) -> None:
    target = Redirecting(302, location)
    found = await failure(Action(get=text(f"{await serve(target.talk)}/from"), follow=Follow(1)), session, attempt())
    assert found.cause is Cause.PROTOCOL
    assert found.message.startswith(f"redirected to an address no request can go to: {location} (")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("shop/cart", "it does not start with http:// or https://"),
        ("http:///cart", "it has no host"),
        ("http://shop:0/", "it has a blank, a control character or port 0 in it"),
        ("http://shop/a b", "it has a blank, a control character or port 0 in it"),
        ("http://shop/\r\nX: 1", "it has a blank, a control character or port 0 in it"),
        (f"http://{'x' * 64}/", "it has no host"),
        (f"http://{'abc.' * 65}/", "its host is too long to be one"),
        ("http://a%00b/", "its host has a character in it that no name has"),
        ("http://shop,example/", "its host has a character in it that no name has"),
        ("http://127.1/", "its host or port is malformed"),
        ("http://1.2.3.4.5/", "its host or port is malformed"),
    ],
)
async def test_a_url_that_is_none_is_not_asked_for(session: Client, url: str, why: str) -> None:
    performance = attempt()
    performance.scope.set("url", url)
    found = await failure(Action(get=text("${url}")), session, performance)
    assert (found.cause, found.place, performance.exchanges) == (Cause.SCRIPT, PLACE, [])
    assert found.message.startswith(f"not a URL a request can go to: {url[:200]} (")
    assert why in found.message or "x" * 64 in url


@pytest.mark.parametrize(
    "url",
    [
        "http://shop/",
        "http://SHOP_1.example./",
        "http://127.0.0.1/",
        "http://[::1]:80/",
        "http://[fe80::1%25lo]/",
        "http://müller.example/",
        "http://a.1x/",
        "http://user:pass@shop/",
    ],
)
def test_a_url_that_is_one_has_no_trouble(url: str) -> None:
    assert trouble_of(url) == ""
