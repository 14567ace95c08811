"""Which addresses a request can go to."""

import re
from functools import lru_cache
from ipaddress import IPv4Address
from urllib.parse import urljoin, urlsplit

from probe.model.template import Text
from probe.steps.base import ActionError

_LONGEST_NAME = 253
"""RFC 1035 §2.3.4, in the notation with dots."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def reject_url(url: Text, key: str) -> None:
    """ActionError when no rendering can make a web address of the text."""
    start = url.parts[0] if url.parts else ""
    if not isinstance(start, str):
        return
    if not start.startswith(("http://", "https://")):
        hint = "a URL starts with http:// or https://; a variable keeps it in one place: ${shop}/cart"
        raise ActionError(f"not a URL a request can go to: {start[:80]}", hint, key)
    if url.literal is not None and (trouble := trouble_of(url.literal)):
        raise ActionError(f"not a URL a request can go to: {url.literal[:80]}", trouble, key)


@lru_cache
def trouble_of(url: str) -> str:
    """Why no request can go to this URL; empty when one can."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            return "it does not start with http:// or https://"
        if not parts.hostname:
            return "it has no host"
        if parts.port == 0 or " " in url or not url.isprintable():
            return "it has a blank, a control character or port 0 in it"
        return _trouble_of_host(parts.hostname.encode("idna").decode())
    except ValueError:
        return "its host or port is malformed"  # the library's own reason quotes pieces, of a secret perhaps


def _trouble_of_host(host: str) -> str:
    if ":" in host:
        return ""  # an IPv6 address, or urlsplit had refused it
    if len(host) > _LONGEST_NAME:
        return "its host is too long to be one"
    if not _NAME.fullmatch(host):
        return "its host has a character in it that no name has"
    if host.rstrip(".").rpartition(".")[2].isdigit():
        IPv4Address(host.rstrip("."))
    return ""


def destination_of(url: str, location: str) -> tuple[str, str]:
    """Where a redirect leads, and what is wrong with that."""
    try:
        destination = urljoin(url, location)
    except ValueError as error:
        return "", str(error)
    return destination, trouble_of(destination)
