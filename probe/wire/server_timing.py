"""The `Server-Timing` header (W3C Server Timing), read as browsers read it: what cannot be read is passed over."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from probe.model.served import ServerTiming

_HEADER = "server-timing"
MOST = 32
"""Metrics of one answer; more say less."""
_MOST_PARAMETERS = 8
"""Of a metric; two are known."""
_LONGEST = 200
"""Characters of a description."""
_MOST_CHARACTERS = 4096
"""Of all the values together."""

_PARTS = {each: re.compile(rf'"(?:[^"\\]|\\.)*\\?(?:"|$)|[^"{each}]+|{each}', re.DOTALL) for each in ",;"}
"""By separator: quoted texts whole, an unended one to the end; what stands between; and the separator."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)', re.DOTALL)
_BARE = re.compile(r'[^\s"]*')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MILLISECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12}")


def read_server_timing(headers: Iterable[tuple[str, str]]) -> tuple[ServerTiming, ...]:
    """In the order they came, and no more than so many."""
    values = [value for name, value in headers if len(name) == len(_HEADER) and name.lower() == _HEADER]
    if not values:
        return ()
    text = ",".join(values)[:_MOST_CHARACTERS]
    read = map(_metric, islice(_split(text, ","), MOST))
    return tuple(metric for metric in read if metric is not None)


def _split(text: str, separator: str) -> Iterator[str]:
    """At the separators that stand in no quotes."""
    piece: list[str] = []
    for part in _PARTS[separator].finditer(text):
        if part[0] == separator:
            yield "".join(piece)
            piece = []
        else:
            piece.append(part[0])
    yield "".join(piece)


def _metric(written: str) -> ServerTiming | None:
    name, *parameters = (piece.strip() for piece in islice(_split(written, ";"), 1 + _MOST_PARAMETERS))
    if not _NAME.fullmatch(name):
        return None
    said: dict[str, str] = {}
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        said.setdefault(key.strip().lower(), _unquoted(value.strip()))  # of two, the first one counts
    return ServerTiming(name, _nanoseconds(said.get("dur", "")), said.get("desc", "")[:_LONGEST])


def _unquoted(value: str) -> str:
    quoted = _QUOTED.match(value)
    if quoted is not None:
        return _ESCAPED.sub(r"\1", quoted[1])
    bare = _BARE.match(value)
    return bare[0] if bare else ""


def _nanoseconds(milliseconds: str) -> int | None:
    return round(float(milliseconds) * 1e6) if _MILLISECONDS.fullmatch(milliseconds) else None
