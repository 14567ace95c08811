"""A failure in a few words, as a person says it: `HTTP 500`, `connection refused`. The record has the whole message."""

import re

from probe.model.result import Cause, Failure

LONGEST = 80

_SAID = (
    (Cause.CONNECT, r"refused", "connection refused"),
    (Cause.CONNECT, r"\breset\b", "connection reset"),
    (Cause.CONNECT, r"no answer", "no answer to the connection attempt"),
    (Cause.CONNECT, r"no route|no network", "no route to it"),
    (Cause.TLS, r"expired", "certificate expired"),
    (Cause.TLS, r"certificate", "certificate not trusted"),
    (Cause.TLS, r"broke off|broke ", "TLS broken off"),
    (Cause.PROTOCOL, r"\breset\b", "connection reset"),
    (Cause.PROTOCOL, r"without answering", "connection closed without an answer"),
    (Cause.PROTOCOL, r"cut off", "answer cut off"),
    (Cause.PROTOCOL, r"not HTTP", "answer is not HTTP"),
    (Cause.PROTOCOL, r"redirect", "too many redirects"),
    (Cause.PROTOCOL, r"larger than", "answer too large"),
    (Cause.PROTOCOL, r"\bbroke\b", "connection broken"),
)
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
