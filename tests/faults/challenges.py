"""Guards before a shop that want to know who is there, and shops that only refuse."""

from probe.model.result import Cause
from tests.faults.row import BEGUN, Row, Scene, answers


def page(status: int, *headers: str, body: str = "") -> Scene:
    head = "".join(f"{header}\r\n" for header in headers)
    return answers(f"HTTP/1.1 {status} Really\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())


BLOCKED, STATUS = Cause.BLOCKED, Cause.STATUS
CF = "Server: cloudflare"
ROWS = [
    *(
        Row(name, scene, BLOCKED, f"a bot challenge came instead of the page (status {status}): {who}", BEGUN)
        for name, status, who, scene in [
            ("Cloudflare", 403, "Cloudflare", page(403, CF, "cf-mitigated: challenge")),
            (
                "Cloudflare's waiting page",
                503,
                "Cloudflare",
                page(503, CF, body="<script>window._cf_chl_opt={}</script>"),
            ),
            ("Cloudflare's firewall", 403, "Cloudflare", page(403, CF, body="<div id='cf-error-details'>1020</div>")),
            ("Cloudflare's rate limit", 429, "Cloudflare", page(429, CF, body="<div id='cf-error-details'>1015</div>")),
            ("AWS WAF's challenge", 202, "AWS WAF", page(202, "x-amzn-waf-action: challenge")),
            ("AWS WAF's captcha", 405, "AWS WAF", page(405, "x-amzn-waf-action: captcha")),
            ("Akamai", 403, "Akamai", page(403, "Server: AkamaiGHost", body="Access Denied. Reference&#32;&#35;18.2")),
            ("Akamai's interstitial", 428, "Akamai", page(428, body='<div id="sec-if-cpt-container"></div>')),
            (
                "DataDome",
                403,
                "DataDome",
                page(403, "X-DataDome: protected", body="<script src='https://ct.captcha-delivery.com/c.js'>"),
            ),
            ("DataDome's JSON", 403, "DataDome", page(403, body='{"url":"https://geo.captcha-delivery.com/captcha/"}')),
            ("HUMAN", 403, "HUMAN", page(403, body='{"appId":"PX1","blockScript":"/px/captcha.js"}')),
            ("HUMAN's captcha", 403, "HUMAN", page(403, body='<div id="px-captcha"></div>')),
            (
                "Imperva",
                403,
                "Imperva",
                page(403, body="<iframe>Request unsuccessful. Incapsula incident ID: 1</iframe>"),
            ),
            (
                "Imperva with a good status",
                200,
                "Imperva",
                page(200, body="Request unsuccessful. Incapsula incident ID: 1"),
            ),
            ("Vercel", 429, "Vercel", page(429, "x-vercel-mitigated: challenge")),
            ("Sucuri", 403, "Sucuri", page(403, "X-Sucuri-Block: 1", body="Sucuri WebSite Firewall - Access Denied")),
            ("a captcha with a 403", 403, "a captcha", page(403, body='<div class="g-recaptcha" data-sitekey="x">')),
            ("a captcha with a 429", 429, "a captcha", page(429, body='<div class="h-captcha">')),
            ("a turnstile with a 403", 403, "a captcha", page(403, body='<div class="cf-turnstile">')),
        ]
    ),
    *(
        Row(name, scene, STATUS, f"status: expected 2xx (no check says otherwise), got {status}", BEGUN)
        for name, status, scene in [
            ("a plain 403", 403, page(403, body="Forbidden")),
            ("a plain 429", 429, page(429, "Retry-After: 1", body="slow down")),
            ("a plain 503", 503, page(503, body="<h1>Service Unavailable</h1>")),
            ("a plain 403 through Cloudflare", 403, page(403, CF, "cf-ray: 1-FRA", body="Forbidden")),
            (
                "a 503 of the shop with Cloudflare's script in it",
                503,
                page(503, CF, body="/cdn-cgi/challenge-platform/scripts/jsd/main.js"),
            ),
            ("Cloudflare cannot reach the shop", 522, page(522, CF, body="<div id='cf-error-details'>522</div>")),
            ("the shop's own 502 by Cloudflare", 502, page(502, CF, body="<div id='cf-error-details'>502</div>")),
            ("a 503 of Akamai", 503, page(503, "Server: AkamaiGHost", body="Service Unavailable")),
            ("a 403 that DataDome let through", 403, page(403, "X-DataDome: protected", body="Forbidden")),
            ("a 503 with a captcha in its form", 503, page(503, body='<div class="g-recaptcha">')),
            ("a 403 that HUMAN watches", 403, page(403, body="<script>window._pxAppId = 'PX1';</script>")),
            (
                "a 503 that Imperva watches",
                503,
                page(503, body="<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>"),
            ),
            ("a 500 with a captcha in its form", 500, page(500, body='<div class="g-recaptcha">')),
        ]
    ),
    Row(
        "a log-in page with a captcha", page(200, body='<form><div class="g-recaptcha"></div></form>'), None, "", BEGUN
    ),
    Row(
        "a page that Imperva watches",
        page(200, body="<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>"),
        None,
        "",
        BEGUN,
    ),
]
