"""Whether a guard before the shop wants to know who is there, or has turned the probe away: by what its answers show.

A plain 403, 429 or 503 is the shop's own, and so is a page with a captcha in it that came with a good status. Scripts
that guards put into every page, those of a shop that is down too, are no sign.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from probe.wire.client import Answer

_REFUSALS = (403, 405, 428, 429, 503)
_UNSAID = (403, 429)
"""With a captcha of nobody in particular: a shop that is down may have one in the form at the foot of its page."""
_LOOKED_AT = 64 * 1024
"""Bytes of a body: a guard's pages are small, and what tells them apart is in the beginning."""


class _Sign(Struct, frozen=True):
    """`text` stands in the body, `header` among the headers (with that value, when it has one)."""

    guard: str
    header: str = ""
    values: tuple[str, ...] = ()
    text: bytes = b""
    server: str = ""
    statuses: tuple[int, ...] = _REFUSALS


_ANY: tuple[int, ...] = ()
_SIGNS = (
    _Sign("Cloudflare", header="cf-mitigated", values=("challenge",), statuses=_ANY),
    _Sign("Cloudflare", text=b"_cf_chl_opt"),
    _Sign("Cloudflare", text=b"cf-error-details", server="cloudflare", statuses=(403, 429)),
    _Sign("AWS WAF", header="x-amzn-waf-action", values=("challenge", "captcha"), statuses=_ANY),
    _Sign("Akamai", text=b"Access Denied", server="akamaighost", statuses=(403,)),
    _Sign("Akamai", text=b"sec-if-cpt-container"),
    _Sign("DataDome", text=b"captcha-delivery.com"),
    _Sign("HUMAN", text=b"px-captcha"),
    _Sign("HUMAN", text=b"captcha.px-cdn.net"),
    _Sign("HUMAN", text=b'"blockScript"'),
    _Sign("Imperva", text=b"Incapsula incident ID", statuses=_ANY),
    _Sign("Vercel", header="x-vercel-mitigated", values=("challenge", "deny"), statuses=_ANY),
    _Sign("Sucuri", header="x-sucuri-block"),
    _Sign("a captcha", text=b"g-recaptcha", statuses=_UNSAID),
    _Sign("a captcha", text=b"h-captcha", statuses=_UNSAID),
    _Sign("a captcha", text=b"cf-turnstile", statuses=_UNSAID),
)


_WHATEVER_THE_STATUS = tuple(sign for sign in _SIGNS if not sign.statuses)


def guard_of(answer: "Answer") -> str:
    """Who it was; empty when nobody stands between."""
    signs = _SIGNS if answer.status in _REFUSALS else _WHATEVER_THE_STATUS
    return next((sign.guard for sign in signs if _shows(answer, sign)), "")


def _shows(answer: "Answer", sign: _Sign) -> bool:
    if sign.statuses and answer.status not in sign.statuses:
        return False
    if sign.header:
        value = answer.header(sign.header)
        return value is not None and (not sign.values or value.lower() in sign.values)
    server = (answer.header("server") or "").lower()
    return server.startswith(sign.server) and sign.text in answer.body[:_LOOKED_AT]
