import pytest
from aiohttp.http_exceptions import BadHttpMessage, BadStatusLine, LineTooLong

from probe.wire.malformed import malformed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadStatusLine(error="Bad status line:\n  Expected HTTP/:\n\n  b'SSH-2.0'\n    ^"), "it begins with 'SSH-2.0'"),
        (BadStatusLine(error="Bad status line:\n  Odd status:\n\n  b'HTTP'\n  ^"), "odd status: 'HTTP'"),
        (BadStatusLine(error=f"Expected HTTP/: b'{'x' * 200}'"), f"it begins with '{'x' * 79}…"),
        (BadHttpMessage("Content-Length overflow:\n  b'9'\n ^"), "Content-Length overflow: '9'"),
        (BadHttpMessage('Invalid token:\n\n  b"it\'s"\n  ^'), 'invalid token: "it\'s"'),
        (BadHttpMessage("Too many\n headers"), "too many headers"),
        (BadHttpMessage("x" * 300), "x" * 200),
        (LineTooLong(b"x" * 200, 100), "a line of its head is too long"),
        (ValueError("a surprise"), "a surprise"),
    ],
)
def test_the_parsers_words_become_a_persons(error: Exception, words: str) -> None:
    assert malformed(error) == (words, "")


def test_tls_on_a_plain_port_is_said_with_what_to_do() -> None:
    error = BadStatusLine(error="Bad status line:\n  Expected HTTP/:\n\n  b'\\x15\\x03\\x03\\x00'\n  ^")
    assert malformed(error) == ("it speaks TLS", "write https://")
