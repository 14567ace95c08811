"""Which edge of a content delivery network, or which cache, answered: known by the headers they add."""

from collections.abc import Callable, Collection, Mapping

from probe.model.served import Edge

_LONGEST = 200
"""Characters of a header's value that are looked at."""

_Headers = Mapping[str, str]


def read_edge(headers: Collection[tuple[str, str]]) -> Edge | None:
    """None when no network is known by these headers."""
    if _EDGES.keys().isdisjoint([name.lower() for name, _ in headers]):
        return None  # as most answers say nothing
    said = {name.lower(): value[:_LONGEST].strip() for name, value in reversed(list(headers))}
    found = (read(said) for name, read in _EDGES.items() if said.get(name))
    return next((edge for edge in found if edge is not None), None)


def _cloudflare(said: _Headers) -> Edge:
    """cf-ray: 8f1b2c3d4e5f6a7b-FRA"""
    ray = said["cf-ray"]
    return Edge("Cloudflare", ray.rpartition("-")[2] if "-" in ray else "", said.get("cf-cache-status", ""), ray)


def _cloudfront(said: _Headers) -> Edge:
    """x-amz-cf-pop: FRA56-P3, x-cache: Hit from cloudfront"""
    cache = said.get("x-cache", "").removesuffix(" from cloudfront")
    return Edge("CloudFront", said["x-amz-cf-pop"], cache, said.get("x-amz-cf-id", ""))


def _fastly(said: _Headers) -> Edge | None:
    """x-served-by: cache-iad-kiad7000123-IAD, cache-fra-etou8220099-FRA: the last one spoke to the client"""
    server = said["x-served-by"].rpartition(",")[2].strip()
    if not server.startswith("cache-"):
        return None  # other servers have a header of that name
    return Edge("Fastly", server.rpartition("-")[2], said.get("x-cache", "").rpartition(",")[2].strip(), server)


def _vercel(said: _Headers) -> Edge:
    """x-vercel-id: fra1::iad1::abcde-1700000000000-0123456789ab: the edge, the function's region, the request"""
    place, _, _ = said["x-vercel-id"].partition("::")
    return Edge("Vercel", place, said.get("x-vercel-cache", ""), said["x-vercel-id"])


def _akamai(said: _Headers) -> Edge:
    """akamai-grn: 0.8f3d1702.1700000000.1a2b3c, x-cache: TCP_HIT from a23-45-67-89.deploy.akamaitechnologies.com (…)"""
    cache, _, server = said.get("x-cache", "").partition(" from ")
    return Edge(
        "Akamai", server.partition(" ")[0], cache, said.get("akamai-grn") or said.get("x-akamai-request-id", "")
    )


def _azure(said: _Headers) -> Edge:
    """x-azure-ref: 20261125T120000Z-r1d97b99479hbbbb…: Azure Front Door"""
    return Edge("Azure", "", said.get("x-cache", ""), said["x-azure-ref"])


def _bunny(said: _Headers) -> Edge:
    """server: BunnyCDN-DE1-1079, cdn-requestid: …"""
    server = said.get("server", "")
    place = server.removeprefix("BunnyCDN-") if server.startswith("BunnyCDN-") else ""
    return Edge("Bunny", place, said.get("cdn-cache", ""), said["cdn-requestid"])


def _cache(said: _Headers) -> Edge:
    """via: 1.1 varnish, 1.1 google: each proxy adds itself at the end (RFC 9110 §7.6.3); x-cache: HIT"""
    nearest = said.get("via", "").rpartition(",")[2].split()
    return Edge(nearest[1] if len(nearest) > 1 else "a cache", "", said.get("x-cache", "").rpartition(",")[2].strip())


_EDGES: Mapping[str, Callable[[_Headers], Edge | None]] = {
    "cf-ray": _cloudflare,
    "x-amz-cf-pop": _cloudfront,
    "akamai-grn": _akamai,
    "x-akamai-request-id": _akamai,
    "x-vercel-id": _vercel,
    "x-azure-ref": _azure,
    "cdn-requestid": _bunny,
    "x-served-by": _fastly,
    "via": _cache,
    "x-cache": _cache,
}
"""By the header that gives a network away; the last two are anybody's."""
