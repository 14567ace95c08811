"""Why c-ares found no address of a name, in the words of a person."""

import socket
from collections.abc import Sequence

_FAMILIES = {int(socket.AF_INET): "IPv4", int(socket.AF_INET6): "IPv6"}


class ResolveError(OSError):
    """The words go on after "the name … does not resolve: "."""

    asked = ""
    """Who was asked."""

    def __init__(self, words: str, hint: str = "") -> None:
        super().__init__(None, words)
        self.words = words
        self.hint = hint


def unresolved(status: int | None, host: str, servers: Sequence[str], family: int = socket.AF_UNSPEC) -> Exception:
    """`family` is that of the addresses that were asked for."""
    error = _unresolved(status, host, names_of(servers) or "nobody", family)
    if isinstance(error, ResolveError):
        error.asked = names_of(servers)
    return error


def names_of(servers: Sequence[str]) -> str:
    return " or ".join(server.removesuffix(":53") for server in servers)


def _unresolved(status: int | None, host: str, asked: str, family: int) -> Exception:
    from pycares import errno

    match status:
        case errno.ARES_ENODATA | None if family in _FAMILIES:
            return ResolveError(f"it has no {_FAMILIES[family]} address", "family: asks for no other")
        case errno.ARES_ENOTFOUND:
            return ResolveError("it does not exist (NXDOMAIN)", "a typo, or the domain is not registered any more")
        case errno.ARES_ENODATA | None:
            return ResolveError("it exists and has no address", "it has neither an A nor an AAAA record")
        case errno.ARES_ESERVFAIL:
            hint = "its own name servers are out of reach or wrong, or its DNSSEC signatures are"
            return ResolveError(f"the name server {asked} failed to find out (SERVFAIL)", hint)
        case errno.ARES_EREFUSED:
            hint = "it does not serve this machine, or not this domain"
            return ResolveError(f"the name server {asked} refused to say (REFUSED)", hint)
        case errno.ARES_ETIMEOUT:
            hint = "it is down, or packets are dropped on the way to it or back"
            return ResolveError(f"the name server {asked} did not answer", hint)
        case errno.ARES_ECONNREFUSED:
            hint = "nothing listens there, or this machine has no network"
            return ResolveError(f"the name server {asked} cannot be reached", hint)
        case errno.ARES_EFORMERR | errno.ARES_ENOTIMP | errno.ARES_EBADRESP:
            return ResolveError(f"the name server {asked} did not answer what was asked ({_words(status)})")
        case errno.ARES_EBADNAME:
            return ValueError(f"{host[:200]} is no name of a host")
    return ResolveError(f"{_words(status)} (asked {asked})")


def _words(status: int) -> str:
    from pycares import errno

    words = errno.strerror(status)
    words = words if isinstance(words, str) else words.decode()
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
