import pytest

from probe.steps.challenge import guard_of
from probe.wire.client import Answer


def answer(status: int, body: str = "", *headers: tuple[str, str]) -> Answer:
    return Answer("http://shop/", status, "1.1", headers, body.encode(), "utf-8", len(body), "", ())


@pytest.mark.parametrize(
    ("seen", "guard"),
    [
        (answer(403, "", ("CF-Mitigated", "Challenge")), "Cloudflare"),
        (answer(503, "<script>window._cf_chl_opt={}</script>"), "Cloudflare"),
        (answer(403, "cf-error-details", ("Server", "cloudflare")), "Cloudflare"),
        (answer(202, "", ("x-amzn-waf-action", "captcha")), "AWS WAF"),
        (answer(429, "", ("X-Vercel-Mitigated", "deny")), "Vercel"),
        (answer(403, "Access Denied", ("Server", "AkamaiGHost")), "Akamai"),
        (answer(200, "Incapsula incident ID: 1"), "Imperva"),
        (answer(403, "captcha-delivery.com"), "DataDome"),
        (answer(403, "", ("X-Sucuri-Block", "XSS")), "Sucuri"),
        (answer(429, "g-recaptcha"), "a captcha"),
    ],
)
def test_a_guard_is_known_by_what_it_shows(seen: Answer, guard: str) -> None:
    assert guard_of(seen) == guard


@pytest.mark.parametrize(
    "seen",
    [
        answer(403),
        answer(503, "g-recaptcha"),
        answer(200, "g-recaptcha px-captcha _cf_chl_opt"),
        answer(503, "cf-error-details", ("Server", "cloudflare")),
        answer(403, "cf-error-details"),
        answer(403, "Access Denied"),
        answer(403, "", ("x-amzn-waf-action", "block")),
        answer(403, f"{'x' * 2**16}captcha-delivery.com"),
    ],
)
def test_what_the_shop_says_itself_is_no_guards(seen: Answer) -> None:
    assert guard_of(seen) == ""
