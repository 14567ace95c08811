"""Who sends: the address under which the hub, or the proxy before it, sees an agent."""

from ipaddress import IPv4Address, IPv6Address, ip_address

_LONGEST = 1000
"""Characters of X-Forwarded-For, from its end."""


def seen_from(remote: str | None, forwarded: str) -> str:
    """Nearest first, the first address that is nobody's inside; else the peer's own; empty when that is this machine.

    `forwarded` is X-Forwarded-For, which proxies append to. A sender that forges it deceives nobody but itself.
    """
    near = [_address(text) for text in (remote or "", *reversed(forwarded[-_LONGEST:].split(",")))]
    outside = next((address for address in near if address is not None and address.is_global), None)
    told = outside or near[0]
    return "" if told is None or told.is_loopback else str(told)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):  # [2001:db8::1]:4711, as some proxies write it
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
