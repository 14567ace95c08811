"""What the tests look at, and the small language they write it in."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from probe.evaluate.scope import Scope
from probe.evaluate.template import parse_text
from probe.model.observation import Observation, Response
from probe.model.place import Place
from probe.model.template import Text
from probe.model.timing import Phase

AT = Place("a.yaml", 1, 1, 2)
PAGE = b"""<html><h1> Blue
  T-shirt </h1><input name=csrf value="t0k3n"><p class=price>19.90</p><p class=price>5</p><input name=empty value>"""


def observed(body: bytes = b"", *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Observation:
    cookies = {"session": "abc"}
    response = Response("http://shop/cart?a=1", status, headers, body, "utf-8", 2, cookies)
    return Observation(1_000_000, 41_000_000, {Phase.SEND: 5_000_000, Phase.OTHER: 35_000_000}, response)


NOTHING_SEEN = Observation(0, 2_000_000_000, {Phase.OTHER: 2_000_000_000})


def text(source: str) -> Text:
    return parse_text(source, AT)


def scope(**values: Any) -> Scope:
    """A scope at a fixed time, with a fixed seed and one environment variable, HOME."""
    made = Scope({"HOME": "/root"}, lambda: datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC), Random(1))
    for name, value in values.items():
        made.set(name, value)
    return made
