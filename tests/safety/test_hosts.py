from urllib.parse import quote_plus

import pytest

from probe.safety.hosts import host_of, is_loopback, leaked_secret

CARD = "4242 4242/4242"
BOUND = {"card": (CARD, ("shop.example", "*.pay.example", "::1")), "open": ("everybody knows", ())}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LocalHost", "localhost."])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "10.0.0.1", "::", "127.0.0.1.example", "localhost.example", "127.1", "2130706433", "shop"]
)
def test_everything_else_is_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["shop.example", "SHOP.example.", "a.pay.example", "a.b.pay.example", "[::1]", "::1"])
def test_a_secret_may_go_to_its_hosts(host: str) -> None:
    assert leaked_secret(f"card={CARD}", host, {"card": BOUND["card"]}) is None


@pytest.mark.parametrize("host", ["pay.example", "evilpay.example", "shop.example.evil", "sub.shop.example", "", "::2"])
def test_a_secret_may_go_nowhere_else(host: str) -> None:
    assert leaked_secret(f"card={CARD}", host, {"card": BOUND["card"]}) == "card"


@pytest.mark.parametrize("form", [CARD, quote_plus(CARD), "NDI0MiA0MjQyLzQyND"], ids=["plain", "form", "base64"])
def test_a_secret_is_known_in_other_forms(form: str) -> None:
    assert leaked_secret(f"x{form}x", "elsewhere", {"card": BOUND["card"]}) == "card"


def test_a_text_without_secrets_may_go_anywhere() -> None:
    assert leaked_secret("card=tok_123", "elsewhere", BOUND) is None


def test_a_secret_bound_to_no_host_is_bound_to_none() -> None:
    assert leaked_secret("everybody knows", "elsewhere", {"open": BOUND["open"]}) == "open"


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://Shop.example:8443/x", "shop.example"), ("http://[::1]:1/", "::1"), ("shop", ""), ("http://[x/", "")],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host
