"""What went wrong on the wire, in the words of a person and with a cause."""

import errno
import os
import ssl
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http_exceptions import ContentLengthError, HttpProcessingError, TransferEncodingError

from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.wire.body import FileTrouble
from probe.wire.malformed import malformed
from probe.wire.marks import Marks, address_of
from probe.wire.unresolved import ResolveError
from probe.wire.unsecured import unsecured, untrusted

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
    if marks.towards:
        host = f"{host} (by way of {marks.towards})"
    match error:
        case aiohttp.ClientConnectorDNSError():
            return unresolved(error.os_error, url, marks)
        case aiohttp.ClientConnectorCertificateError():
            words, hint = untrusted(error.certificate_error)
            return Failure(Cause.TLS, f"the certificate of {host} is not trusted: {words}", hint=hint)
        case aiohttp.ClientConnectorSSLError():
            words, hint = unsecured(error.os_error)
            return Failure(Cause.TLS, f"no TLS with {host}: {words}", hint=hint)
        case aiohttp.ClientConnectorError() if marks.waiting_in is Phase.TLS:
            return Failure(Cause.TLS, f"no TLS with {host}: it broke off the handshake{_because(error.os_error)}")
        case aiohttp.ClientConnectorError():
            return _unconnected(error.os_error, marks.remote or host)
        case aiohttp.ClientConnectionError(__cause__=FileTrouble() as trouble):
            return Failure(Cause.SCRIPT, str(trouble))
        case aiohttp.InvalidURL():
            return Failure(Cause.SCRIPT, f"not a URL a request can go to: {url[:200]}")
        case ValueError() if not marks.sent:
            return Failure(Cause.SCRIPT, f"no request can be made of this: {_one_line(error)}")
        case aiohttp.ServerDisconnectedError():
            return Failure(Cause.PROTOCOL, f"{host} closed the connection {_how_far(marks)}")
        case aiohttp.ClientPayloadError():
            return _cut_off(error, host, marks)
        case aiohttp.ClientResponseError():
            words, hint = malformed(_first_cause(error))
            return Failure(Cause.PROTOCOL, f"{host} answered with something that is not HTTP: {words}", hint=hint)
        case aiohttp.ClientOSError() | OSError():
            return _broken(error, host, marks)
    return Failure(Cause.PROTOCOL, f"the exchange with {host} broke: {_one_line(error)}")


def _how_far(marks: Marks) -> str:
    if not marks.received_bytes:
        return "without answering"
    return f"after {marks.received_bytes} bytes, in the head of its answer"


def _cut_off(error: aiohttp.ClientPayloadError, host: str, marks: Marks) -> Failure:
    """The head came, and its body did not end well."""
    cut = f"the answer of {host} was cut off after {marks.received_bytes} bytes"
    match _first_cause(error):
        case ContentLengthError() | TransferEncodingError():
            return Failure(Cause.PROTOCOL, cut)
        case HttpProcessingError() as reason:
            words, hint = malformed(reason)
            return Failure(Cause.PROTOCOL, f"the body of the answer of {host} is not HTTP: {words}", hint=hint)
        case ssl.SSLError() as reason:
            words, hint = unsecured(reason)
            return Failure(Cause.TLS, f"{cut}: {words}", hint=hint)
        case OSError() as reason:
            return Failure(Cause.PROTOCOL, f"{cut}{_because(reason)}")
    return Failure(Cause.PROTOCOL, cut)


def unresolved(error: Exception, url: str, marks: Marks) -> Failure:
    """The failure that a name's having no address means."""
    asked = marks.towards.rpartition(":")[0] or urlsplit(url).hostname
    if isinstance(error, ResolveError):
        return Failure(Cause.RESOLVE, f"the name {asked} does not resolve: {error.words}", hint=error.hint)
    if not isinstance(error, OSError):
        return Failure(Cause.SCRIPT, f"no request can be made of this: {_one_line(error)}")
    if error.errno in _OURS:
        return Failure(Cause.AGENT, _OURS[error.errno])
    return Failure(Cause.RESOLVE, f"the name {asked} does not resolve{_because(error)}")


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
    reason = marks.lost_by() or _first_cause(error)  # a write after the loss says only that it came after it
    if isinstance(reason, ssl.SSLError):
        words, hint = unsecured(reason)
        return Failure(Cause.TLS, f"TLS with {host} broke {when}: {words}", hint=hint)
    if not marks.sent:
        return Failure(Cause.PROTOCOL, f"{host} closed the connection before the request was sent")
    if isinstance(error, ConnectionResetError) or error.errno == errno.ECONNRESET:
        return Failure(Cause.PROTOCOL, f"{host} reset the connection {when}")
    return Failure(Cause.PROTOCOL, f"the connection to {host} broke {when}{_because(error)}")


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _one_line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "message", "") or error).split())[:200].rstrip(" ^")


def _because(error: OSError) -> str:
    reason = error.strerror or (
        os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else str(error)
    )
    return f": {reason[:1].lower()}{reason[1:]}" if reason else ""
