"""What went wrong on the wire, in the words of a person and with a cause."""

import errno
import os
import ssl
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.wire.marks import Marks, address_of
from probe.wire.unresolved import ResolveError

_OURS = {
    errno.EMFILE: "the agent has too many open files",
    errno.ENFILE: "the machine has too many open files",
    errno.ENOMEM: "the agent has no memory left for a connection",
    errno.ENOBUFS: "the agent has no memory left for a connection",
    errno.EADDRNOTAVAIL: "the agent has no free port left for a connection",
}
_THEIRS = {
    errno.ECONNREFUSED: ("connection refused by", "nothing listens there, or a firewall says no"),
    errno.ECONNRESET: ("connection reset by", ""),
    errno.EHOSTUNREACH: ("no route to", ""),
    errno.ENETUNREACH: ("no network towards", "does this machine have a way out, and this address family?"),
    errno.ETIMEDOUT: ("no answer to the connection attempt from", "packets are dropped on the way"),
}


def failure_of(error: Exception, url: str, marks: Marks) -> Failure:
    """The failure an exception of aiohttp or the system means."""
    parts = urlsplit(url)
    host = address_of(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    match error:
        case aiohttp.ClientConnectorDNSError(os_error=ResolveError() as unresolved):
            message = f"the name {parts.hostname} does not resolve: {unresolved.words}"
            return Failure(Cause.RESOLVE, message, hint=unresolved.hint)
        case aiohttp.ClientConnectorDNSError() if error.os_error.errno in _OURS:
            return Failure(Cause.AGENT, _OURS[error.os_error.errno])
        case aiohttp.ClientConnectorDNSError():
            return Failure(Cause.RESOLVE, f"the name {parts.hostname} does not resolve{_because(error.os_error)}")
        case aiohttp.ClientConnectorCertificateError():
            return Failure(
                Cause.TLS, f"the certificate of {host} is not trusted: {_certificate(error.certificate_error)}"
            )
        case aiohttp.ClientConnectorSSLError():
            return Failure(Cause.TLS, f"no TLS with {host}: {_ssl_reason(error.os_error)}")
        case aiohttp.ClientConnectorError() if marks.waiting_in is Phase.TLS:
            return Failure(Cause.TLS, f"no TLS with {host}: it broke off the handshake{_because(error.os_error)}")
        case aiohttp.ClientConnectorError():
            return _unconnected(error.os_error, marks.remote or host)
        case aiohttp.InvalidURL():
            return Failure(Cause.SCRIPT, f"not a URL a request can go to: {url[:200]}")
        case ValueError():
            return Failure(Cause.SCRIPT, f"no request can be made of this: {_one_line(error)}")
        case aiohttp.ServerDisconnectedError():
            return Failure(Cause.PROTOCOL, f"{host} closed the connection without answering")
        case aiohttp.ClientPayloadError(__cause__=ContentEncodingError() as reason):
            return Failure(Cause.PROTOCOL, f"the answer of {host} is not encoded as it says: {_one_line(reason)}")
        case aiohttp.ClientPayloadError():
            return Failure(Cause.PROTOCOL, f"the answer of {host} was cut off after {marks.received_bytes} bytes")
        case aiohttp.ClientResponseError():
            return Failure(Cause.PROTOCOL, f"{host} answered with something that is not HTTP: {_one_line(error)}")
        case aiohttp.ClientOSError() | OSError():
            return _broken(error, host, marks)
    return Failure(Cause.PROTOCOL, f"the exchange with {host} broke: {error}")


def _unconnected(error: OSError, host: str) -> Failure:
    if isinstance(error, ConnectionAbortedError) or (error.errno == errno.ECONNRESET):
        return Failure(Cause.CONNECT, f"{host} reset the connection while it was being made")
    if error.errno in _OURS:
        return Failure(Cause.AGENT, _OURS[error.errno])
    if error.errno in _THEIRS:
        words, hint = _THEIRS[error.errno]
        return Failure(Cause.CONNECT, f"{words} {host}", hint=hint)
    return Failure(Cause.CONNECT, f"no connection to {host}{_because(error)}")


def _broken(error: OSError, host: str, marks: Marks) -> Failure:
    when = f"after {marks.received_bytes} bytes of the answer" if marks.received_bytes else "before an answer came"
    if isinstance(error, ConnectionResetError) or error.errno == errno.ECONNRESET:
        return Failure(Cause.PROTOCOL, f"{host} reset the connection {when}")
    if isinstance(error.__cause__, ssl.SSLError):
        return Failure(Cause.TLS, f"TLS with {host} broke {when}: {_ssl_reason(error.__cause__)}")
    return Failure(Cause.PROTOCOL, f"the connection to {host} broke {when}{_because(error)}")


def _one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "message", error)).split())[:200].rstrip(" ^")


def _because(error: OSError) -> str:
    reason = error.strerror or (
        os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else str(error)
    )
    return f": {reason[:1].lower()}{reason[1:]}" if reason else ""


def _certificate(error: Exception) -> str:
    return getattr(error, "verify_message", "") or str(error)


def _ssl_reason(error: OSError) -> str:
    reason = getattr(error, "reason", None) or str(error)
    return str(reason).replace("_", " ").lower()
