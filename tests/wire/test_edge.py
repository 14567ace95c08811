import pytest

from probe.model.served import Edge
from probe.wire.edge import read_edge

CASES: dict[str, tuple[dict[str, str], Edge | None]] = {
    "nobody": ({"Server": "nginx"}, None),
    "a cache": ({"X-Cache": "HIT", "Via": "1.0 squid, 1.1 varnish (Varnish/7.1)"}, Edge("varnish", "", "HIT")),
    "a load balancer": ({"Via": "1.1 google"}, Edge("google")),
    "a cache without a name": ({"X-Cache": "MISS, HIT", "Via": "1.1"}, Edge("a cache", "", "HIT")),
    "an empty header": ({"CF-Ray": " "}, None),
    "Cloudflare": (
        {"CF-Ray": "8f1b2c3d4e5f6a7b-FRA", "CF-Cache-Status": "DYNAMIC"},
        Edge("Cloudflare", "FRA", "DYNAMIC", "8f1b2c3d4e5f6a7b-FRA"),
    ),
    "Cloudflare without a place": ({"CF-Ray": "8f1b"}, Edge("Cloudflare", "", "", "8f1b")),
    "CloudFront": (
        {"X-Amz-Cf-Pop": "FRA56-P3", "X-Cache": "Hit from cloudfront", "X-Amz-Cf-Id": "abc=="},
        Edge("CloudFront", "FRA56-P3", "Hit", "abc=="),
    ),
    "Fastly": (
        {"X-Served-By": "cache-iad-kiad7000123-IAD, cache-fra-etou8220099-FRA", "X-Cache": "MISS, HIT"},
        Edge("Fastly", "FRA", "HIT", "cache-fra-etou8220099-FRA"),
    ),
    "somebody else's x-served-by": ({"X-Served-By": "web-7"}, None),
    "a cache before it": ({"X-Served-By": "web-7", "X-Cache": "HIT"}, Edge("a cache", "", "HIT")),
    "Vercel": (
        {"X-Vercel-Id": "fra1::iad1::abcde-1700000000000-0123456789ab", "X-Vercel-Cache": "MISS"},
        Edge("Vercel", "fra1", "MISS", "fra1::iad1::abcde-1700000000000-0123456789ab"),
    ),
    "Akamai": (
        {"Akamai-GRN": "0.8f.17.1a", "X-Cache": "TCP_HIT from a23-4.deploy.akamaitechnologies.com (AkamaiGHost)"},
        Edge("Akamai", "a23-4.deploy.akamaitechnologies.com", "TCP_HIT", "0.8f.17.1a"),
    ),
    "Akamai's other header": ({"X-Akamai-Request-ID": "1a2b3c"}, Edge("Akamai", "", "", "1a2b3c")),
    "Azure": ({"X-Azure-Ref": "2026T1Z-r1", "X-Cache": "TCP_MISS"}, Edge("Azure", "", "TCP_MISS", "2026T1Z-r1")),
    "Bunny": (
        {"Server": "BunnyCDN-DE1-1079", "CDN-RequestId": "f00", "CDN-Cache": "HIT"},
        Edge("Bunny", "DE1-1079", "HIT", "f00"),
    ),
    "two networks": ({"X-Amz-Cf-Pop": "IAD", "CF-Ray": "1-FRA"}, Edge("Cloudflare", "FRA", "", "1-FRA")),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "edge"), CASES.values(), ids=list(CASES))
def test_a_network_is_known_by_its_headers(headers: dict[str, str], edge: Edge | None) -> None:
    assert read_edge(headers.items()) == edge


def test_of_a_header_that_came_twice_the_first_counts() -> None:
    assert read_edge([("cf-ray", "1-FRA"), ("cf-ray", "2-IAD")]) == Edge("Cloudflare", "FRA", "", "1-FRA")


def test_a_long_value_is_cut() -> None:
    edge = read_edge([("x-azure-ref", "x" * 10_000)])
    assert edge == Edge("Azure", "", "", "x" * 200)
