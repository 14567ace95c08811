"""What is wrong with an answer that is not HTTP, in the words of a person, with a hint."""

import re

from aiohttp.http_exceptions import BadStatusLine, LineTooLong

_SHOWN = 80
_TLS_ALERT = r"'\x15\x03"
_SAID = re.compile(r"(?s)(?:Bad status line:\s+)?(?P<what>.*?)(?::\s+b(?P<piece>'.*'|\".*\")[\s^]*)?")
"""What aiohttp's parser says: its reason, the bytes it stumbled over, and a caret below them."""


def malformed(error: BaseException) -> tuple[str, str]:
    """`error` is the parser's."""
    if isinstance(error, LineTooLong):
        return "a line of its head is too long", ""
    found = _SAID.fullmatch(str(getattr(error, "message", "") or error))
    what, piece = (found["what"], found["piece"] or "") if found else ("", "")
    if piece.startswith(_TLS_ALERT):
        return "it speaks TLS", "write https://"
    piece = piece if len(piece) <= _SHOWN else f"{piece[:_SHOWN]}…"
    if isinstance(error, BadStatusLine) and what.startswith("Expected HTTP/"):
        return f"it begins with {piece}", ""
    words = what if "-" in what.split(" ")[0] else f"{what[:1].lower()}{what[1:]}"
    return " ".join((f"{words}: {piece}" if piece else words).split())[:200], ""
