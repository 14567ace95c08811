import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from probe.safety.redaction import pattern_of

Bound = tuple[str, tuple[str, ...]]
"""A secret's value, and the only hosts it may be sent to."""


def host_of(url: str) -> str:
    """The host of a URL; empty when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether what is sent to the host stays on this machine; a name other than localhost is not asked about."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def bound_elsewhere(host: str, bound: Mapping[str, Bound]) -> Mapping[str, Bound]:
    """The secrets that may not be sent to the host."""
    return {
        name: (value, hosts)
        for name, (value, hosts) in bound.items()
        if not any(covers(allowed, host) for allowed in hosts)
    }


def leaked_secret(text: str, host: str, bound: Mapping[str, Bound]) -> str | None:
    """The name of a secret, in whatever form, that is in a text on its way to a host it is not bound to."""
    for name, (value, _) in bound_elsewhere(host, bound).items():
        pattern = pattern_of(value)
        if pattern is not None and pattern.search(text):
            return name
    return None


def covers(allowed: str, host: str) -> bool:
    """`*.example.com` covers every name below example.com."""
    allowed, host = allowed.lower().strip("[]"), host.lower().rstrip(".").strip("[]")
    return host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))
