import errno
import os
import ssl
from time import perf_counter_ns

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http_exceptions import BadHttpMessage, ContentLengthError, TransferEncodingError

from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.wire.marks import Marks
from probe.wire.trouble import failure_of
from probe.wire.unresolved import ResolveError

KEY = ConnectionKey("shop", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)
URL = "https://shop/pay"


def failure(error: Exception, phase: Phase | None = None, received: int = 0) -> Failure:
    """The failure of an exchange that got as far as the phase."""
    marks = Marks(perf_counter_ns)
    if phase is not None:
        marks.begin(phase)
    if received:
        marks.end()
        marks.sending()
        marks.received(received)
    return failure_of(error, URL, marks)


def unconnected(number: int) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(KEY, OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    ("number", "cause", "message"),
    [
        (errno.ECONNREFUSED, Cause.CONNECT, "connection refused by shop:443"),
        (errno.EHOSTUNREACH, Cause.CONNECT, "no route to shop:443"),
        (errno.ENETUNREACH, Cause.CONNECT, "no network towards shop:443"),
        (errno.ETIMEDOUT, Cause.CONNECT, "no answer to the connection attempt from shop:443"),
        (errno.ECONNRESET, Cause.CONNECT, "shop:443 reset the connection while it was being made"),
        (errno.EMFILE, Cause.AGENT, "the agent has too many open files"),
        (errno.EADDRNOTAVAIL, Cause.AGENT, "the agent has no free port left for a connection"),
        (errno.EPERM, Cause.CONNECT, "no connection to shop:443: operation not permitted"),
    ],
)
def test_a_connection_that_is_not_made_says_whose_fault_it_is(number: int, cause: Cause, message: str) -> None:
    found = failure(unconnected(number), Phase.CONNECT)
    assert (found.cause, found.message) == (cause, message)


def test_a_connection_that_breaks_in_the_handshake_is_about_tls() -> None:
    found = failure(unconnected(errno.ECONNRESET), Phase.TLS)
    message = "no TLS with shop:443: it broke off the handshake: connection reset by peer"
    assert found == Failure(Cause.TLS, message)


def test_a_name_that_does_not_resolve_is_said_with_its_reason() -> None:
    error = aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name or service not known"))
    assert failure(error) == Failure(Cause.RESOLVE, "the name shop does not resolve: name or service not known")


def test_a_name_without_an_address_is_said_in_the_resolvers_words_with_its_hint() -> None:
    error = aiohttp.ClientConnectorDNSError(KEY, ResolveError("it does not exist (NXDOMAIN)", "a typo"))
    message = "the name shop does not resolve: it does not exist (NXDOMAIN)"
    assert failure(error) == Failure(Cause.RESOLVE, message, hint="a typo")


def test_a_name_that_could_not_be_asked_for_is_our_own_trouble() -> None:
    error = aiohttp.ClientConnectorDNSError(KEY, OSError(errno.EMFILE, os.strerror(errno.EMFILE)))
    assert failure(error) == Failure(Cause.AGENT, "the agent has too many open files")


def test_a_handshake_that_fails_is_said_in_words() -> None:
    reason = ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1)")
    reason.reason = "TLSV1_ALERT_PROTOCOL_VERSION"
    found = failure(aiohttp.ClientConnectorSSLError(KEY, reason), Phase.TLS)
    hint = "this client speaks TLS 1.2 and 1.3"
    assert found == Failure(Cause.TLS, "no TLS with shop:443: no TLS version in common", hint=hint)


def test_an_alert_after_the_handshake_is_about_tls() -> None:
    error = aiohttp.ClientOSError(1, "alert")
    error.__cause__ = ssl.SSLError(1, "certificate required")
    assert failure(error).cause is Cause.TLS


@pytest.mark.parametrize(("received", "when"), [(0, "before an answer came"), (7, "after 7 bytes of the answer")])
def test_a_broken_connection_says_how_far_it_came(received: int, when: str) -> None:
    marks = Marks(perf_counter_ns)
    marks.sending()
    marks.received(received)
    found = failure_of(aiohttp.ClientOSError(errno.EPIPE, "Broken pipe"), URL, marks)
    assert found == Failure(Cause.PROTOCOL, f"the connection to shop:443 broke {when}: broken pipe")


@pytest.mark.parametrize(
    "told", [aiohttp.ClientConnectionResetError("Cannot write"), aiohttp.ClientOSError(None, "Can not write")]
)
def test_a_write_after_an_alert_is_about_the_alert(told: OSError) -> None:
    alert = ssl.SSLError(1, "certificate required")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    marks = Marks(perf_counter_ns)
    marks.lost_by = lambda: alert
    message = "TLS with shop:443 broke before an answer came: it wants a certificate from its clients"
    hint = "network: {client_certificate: …}"
    assert failure_of(told, URL, marks) == Failure(Cause.TLS, message, hint=hint)


def test_a_connection_that_is_gone_before_the_request_says_so() -> None:
    found = failure(aiohttp.ClientConnectionResetError("Cannot write to closing transport"), Phase.CONNECT)
    assert found == Failure(Cause.PROTOCOL, "shop:443 closed the connection before the request was sent")


def test_a_url_that_is_none_blames_the_journey() -> None:
    assert failure(aiohttp.InvalidURL(URL)) == Failure(Cause.SCRIPT, f"not a URL a request can go to: {URL}")


def test_an_answer_that_is_not_http_is_said_with_its_reason() -> None:
    error = aiohttp.ClientResponseError(None, ())  # type: ignore[arg-type]
    error.__cause__ = BadHttpMessage("Invalid header token:\n\n  b'a b'\n    ^")
    message = "shop:443 answered with something that is not HTTP: invalid header token: 'a b'"
    assert failure(error) == Failure(Cause.PROTOCOL, message)


CUT = "the answer of shop:443 was cut off after 7 bytes"


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        (None, Failure(Cause.PROTOCOL, CUT)),
        (ContentLengthError("too short"), Failure(Cause.PROTOCOL, CUT)),
        (TransferEncodingError("too short"), Failure(Cause.PROTOCOL, CUT)),
        (OSError(errno.ECONNRESET, "Connection reset"), Failure(Cause.PROTOCOL, f"{CUT}: connection reset")),
        (ssl.SSLError(1, "odd"), Failure(Cause.TLS, f"{CUT}: what it says makes no sense (odd)")),
        (
            BadHttpMessage("Odd:\n  b'x'"),
            Failure(Cause.PROTOCOL, "the body of the answer of shop:443 is not HTTP: odd: 'x'"),
        ),
    ],
)
def test_a_body_that_does_not_end_well_says_why(reason: Exception | None, found: Failure) -> None:
    error = aiohttp.ClientPayloadError("odd")
    error.__cause__ = reason
    assert failure(error, Phase.CONNECT, 7) == found


@pytest.mark.parametrize(
    ("received", "when"), [(0, "without answering"), (7, "after 7 bytes, in the head of its answer")]
)
def test_a_connection_that_is_closed_says_how_far_the_answer_came(received: int, when: str) -> None:
    found = failure(aiohttp.ServerDisconnectedError(), Phase.CONNECT, received)
    assert found == Failure(Cause.PROTOCOL, f"shop:443 closed the connection {when}")


def test_what_cannot_be_made_of_an_answer_is_not_the_journeys_fault() -> None:
    found = failure(ValueError("a surprise"), Phase.CONNECT, 7)
    assert found == Failure(Cause.PROTOCOL, "the exchange with shop:443 broke: a surprise")


def test_what_nobody_thought_of_still_has_words() -> None:
    found = failure(aiohttp.ClientError("a surprise"))
    assert found == Failure(Cause.PROTOCOL, "the exchange with shop:443 broke: a surprise")
