import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from probe.safety.marker import HEADER, VALID_S, Marker, signed

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
RUN = UUID("1f0e6c1a-6a5b-4d8e-9f51-3d2c1b0a9988")
SAFETY = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()


def verify() -> Any:
    """The shop owner's function as the page of the docs has it."""
    names: dict[str, Any] = {}
    code = next(block for block in re.findall(r"```python\n(.*?)```", SAFETY, re.DOTALL) if "def is_probe" in block)
    exec(code, names)
    return names["is_probe"]


def test_the_trace_is_the_run_and_each_request_a_span_of_its_own() -> None:
    marker = Marker(RUN, ["shop.example"])
    sent = [marker.headers("GET", "https://shop.example/", NOW)["traceparent"] for _ in range(2)]
    assert all(re.fullmatch(rf"00-{RUN.hex}-[0-9a-f]{{16}}-01", each) for each in sent)
    assert sent[0] != sent[1]


@pytest.mark.parametrize(
    ("url", "marked"),
    [
        ("https://shop.example/", True),
        ("https://SHOP.example:8443/x", True),
        ("https://cdn.shop.example/", False),
        ("https://eu.own.example/", True),
        ("https://shop.example.evil/", False),
        ("https://psp.example/", False),
    ],
)
def test_only_own_hosts_are_told(url: str, marked: bool) -> None:
    assert bool(Marker(RUN, ["shop.example", "*.own.example"], "key").headers("GET", url, NOW)) is marked


def test_without_a_key_nothing_is_signed() -> None:
    assert HEADER not in Marker(RUN, ["shop.example"]).headers("GET", "https://shop.example/", NOW)


def test_the_shop_can_tell_it_from_what_others_make_up() -> None:
    header = Marker(RUN, ["shop.example"], "key").headers("POST", "https://u:p@shop.example:8443/pay?a=1", NOW)[HEADER]
    is_probe, now = verify(), NOW.timestamp()
    asked = ("POST", "shop.example:8443", "/pay?a=1")
    assert is_probe(header, "key", *asked, now) == str(RUN)
    assert is_probe(header, "key", *asked, now + VALID_S) is not None
    refused = [
        is_probe(header, "key", *asked, now + VALID_S + 1),
        is_probe(header, "another key", *asked, now),
        is_probe(header, "key", "GET", *asked[1:], now),
        is_probe(header, "key", "POST", "other.example", "/pay?a=1", now),
        is_probe(header, "key", "POST", "shop.example:8443", "/pay?a=2", now),
        is_probe(header.replace("v1", "v2", 1), "key", *asked, now),
        is_probe("", "key", *asked, now),
        is_probe(f"v1; exp=x; run={RUN}; sig=1", "key", *asked, now),
        is_probe(header, "", *asked, now),
        is_probe(f"{header[:-1]}é", "key", *asked, now),
    ]
    assert refused == [None] * 10


def test_a_signature_is_for_its_time() -> None:
    later = signed("key", "GET", "h", "/", RUN, NOW + timedelta(seconds=1))
    assert later != signed("key", "GET", "h", "/", RUN, NOW)
