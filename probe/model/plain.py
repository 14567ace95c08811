"""A failure in a few words, as a person says it: `HTTP 500`, `connection refused`. The record has the whole message."""

import re

from probe.model.result import Cause, Failure

LONGEST = 80

_SAID = (
    (Cause.CONNECT, r"connection refused", "connection refused"),
    (Cause.CONNECT, r"connection reset|reset the connection", "connection reset"),
    (Cause.CONNECT, r"no answer", "no answer to the connection attempt"),
    (Cause.CONNECT, r"no route|no network", "no route to it"),
    (Cause.TLS, r"wants a certificate", "client certificate missing"),
    (Cause.TLS, r"alert (?:bad |unsupported )?certificate|alert unknown ca", "client certificate refused"),
    (Cause.TLS, r"not trusted: .*expired", "certificate expired"),
    (Cause.TLS, r"not trusted: ", "certificate not trusted"),
    (Cause.TLS, r" broke ", "TLS broken off"),
    (Cause.PROTOCOL, r"redirected to an address", "redirected to a bad address"),
    (Cause.PROTOCOL, r"more than \d+ redirects", "too many redirects"),
    (Cause.PROTOCOL, r"not HTTP", "answer is not HTTP"),
    (Cause.PROTOCOL, r"connection reset|reset the connection", "connection reset"),
    (Cause.PROTOCOL, r"without answering|before the request was sent", "connection closed without an answer"),
    (Cause.PROTOCOL, r"cut off", "answer cut off"),
    (Cause.PROTOCOL, r"larger than", "answer too large"),
    (Cause.PROTOCOL, r" broke ", "connection broken"),
)
"""Signs are of what the wire says, never of a host's name; what quotes a peer comes first."""
_USUAL = {
    Cause.RESOLVE: "name does not resolve",
    Cause.CONNECT: "no connection",
    Cause.TLS: "no TLS",
    Cause.TIMEOUT: "timed out",
    Cause.PROTOCOL: "broken answer",
    Cause.STATUS: "wrong status",
    Cause.BLOCKED: "blocked as a bot",
    Cause.SCRIPT: "mistake in the journey's file",
    Cause.BROWSER: "trouble with the browser",
}


def plain_reason(failure: Failure) -> str:
    """The same for the same trouble, wherever it comes from: runs are counted by it."""
    if failure.cause is Cause.STATUS and failure.actual.isdecimal():
        return f"HTTP {failure.actual}"
    if failure.cause in (Cause.CHECK, Cause.CAPTURE, Cause.AGENT):
        return _short(failure.message.partition(", got ")[0])
    said = (words for cause, sign, words in _SAID if cause is failure.cause and re.search(sign, failure.message))
    return next(said, _USUAL[failure.cause])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
