import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from probe.safety.redaction import pattern_of


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


def leaked_secret(text: str, host: str, bound: Mapping[str, tuple[str, tuple[str, ...]]]) -> str | None:
    """The name of a secret, in whatever form, that is in a text on its way to a host it is not bound to."""
    for name, (value, hosts) in bound.items():
        pattern = pattern_of(value)
        if pattern is not None and pattern.search(text) and not any(covers(allowed, host) for allowed in hosts):
            return name
    return None


def covers(allowed: str, host: str) -> bool:
    """`*.example.com` covers every name below example.com."""
    allowed, host = allowed.lower().strip("[]"), host.lower().rstrip(".").strip("[]")
    return host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))
