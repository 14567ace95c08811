import errno
import os
import time

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from probe.model.plain import LONGEST, plain_reason
from probe.model.result import Cause, Failure
from probe.wire.marks import Marks
from probe.wire.trouble import failure_of

KEY = ConnectionKey(
    "shop.example.com", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)
CLOSED, NO_HTTP = "connection closed without an answer", "answer is not HTTP"
MISSING, REFUSED = "client certificate missing", "client certificate refused"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure(Cause.STATUS, "status: expected 2xx, got 500", None, "2xx", "500"), "HTTP 500"),
        (Failure(Cause.STATUS, "odd"), "wrong status"),
        (Failure(Cause.RESOLVE, "the name x does not resolve: it does not exist"), "name does not resolve"),
        (Failure(Cause.TIMEOUT, "the step's limit ran out"), "timed out"),
        (Failure(Cause.TLS, "the certificate of x is not trusted: certificate has expired"), "certificate expired"),
        (Failure(Cause.TLS, "the certificate of x is not trusted: self-signed"), "certificate not trusted"),
        (Failure(Cause.TLS, "no TLS with x: it broke off the handshake"), "TLS broken off"),
        (Failure(Cause.TLS, "no TLS with x: wrong version number"), "no TLS"),
        (Failure(Cause.PROTOCOL, "x closed the connection without answering"), "connection closed without an answer"),
        (Failure(Cause.PROTOCOL, "the answer of x was cut off after 9 bytes"), "answer cut off"),
        (Failure(Cause.PROTOCOL, "more than 5 redirects: the next would go to y"), "too many redirects"),
        (
            Failure(Cause.PROTOCOL, "redirected to an address no request can go to: a:b (…)"),
            "redirected to a bad address",
        ),
        (Failure(Cause.PROTOCOL, "redirect.x closed the connection before the request was sent"), CLOSED),
        (Failure(Cause.PROTOCOL, "x answered with something that is not HTTP: it begins with 'reset'"), NO_HTTP),
        (Failure(Cause.PROTOCOL, "what nobody has seen yet"), "broken answer"),
        (
            Failure(Cause.TLS, "TLS with x broke before an answer came: it wants a certificate from its clients"),
            MISSING,
        ),
        (Failure(Cause.TLS, "no TLS with x: it broke off with the alert certificate expired"), REFUSED),
        (Failure(Cause.TLS, "no TLS with x: it broke off with the alert unknown ca"), REFUSED),
        (Failure(Cause.TLS, "no TLS with expired.certificate.x: what answers there does not speak TLS"), "no TLS"),
        (Failure(Cause.CONNECT, "connection reset by refused.x"), "connection reset"),
        (
            Failure(Cause.CHECK, 'jsonpath $.status: expected equals "paid", got "declined"'),
            'jsonpath $.status: expected equals "paid"',
        ),
        (Failure(Cause.AGENT, "the agent has too many open files"), "the agent has too many open files"),
        (Failure(Cause.CAPTURE, "x " * 100), f"{('x ' * 100)[: LONGEST - 1]}…"),
    ],
)
def test_a_failure_is_told_as_a_person_says_it(failure: Failure, words: str) -> None:
    assert plain_reason(failure) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ECONNREFUSED, "connection refused"),
        (errno.ECONNRESET, "connection reset"),
        (errno.ETIMEDOUT, "no answer to the connection attempt"),
        (errno.EHOSTUNREACH, "no route to it"),
    ],
)
def test_what_the_wire_says_of_a_connection_is_understood(number: int, words: str) -> None:
    error = aiohttp.ClientConnectorError(KEY, OSError(number, os.strerror(number)))
    assert plain_reason(failure_of(error, "https://shop.example.com/", Marks(time.monotonic_ns))) == words


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words_of_its_own(cause: Cause) -> None:
    assert plain_reason(Failure(cause, "something odd")) not in {"", str(cause)}
