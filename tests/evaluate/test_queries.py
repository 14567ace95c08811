from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from probe.evaluate.queries import CERTIFICATE_FACTS, QUERIES, QueryError
from probe.evaluate.value import MISSING, collapse
from probe.model.certificate import Certificate, TlsFacts
from probe.model.duration import Duration
from probe.model.observation import Observation, Seen, Whole
from tests.evaluate.observed import NOTHING_SEEN, PAGE, observed

HEADERS = (("Set-Cookie", "a=1"), ("X-Id", "7"), ("set-cookie", "b=2"))
JSON = b'{"id": 7, "items": [{"n": 1}, {"n": 2}], "none": null}'
DEEP = b"[" * 150 + b"]" * 150


def _find(name: str, seen: Observation, argument: str = "", attribute: str | None = None) -> Any:
    return collapse(QUERIES[name].find(seen, argument, attribute))


@pytest.mark.parametrize(
    ("name", "argument", "attribute", "value"),
    [
        ("status", "", None, 404),
        ("header", "x-id", None, "7"),
        ("header", "Set-Cookie", None, "a=1, b=2"),
        ("header", "X-None", None, MISSING),
        ("css", "h1", None, "Blue T-shirt"),
        ("css", ".price", None, "19.90"),
        ("css", "input[name=csrf]", "value", "t0k3n"),
        ("css", "input[name=empty]", "value", ""),
        ("css", "h1", "value", MISSING),
        ("css", "h2", None, MISSING),
        ("regex", "class=([a-z]+)", None, "price"),
        ("regex", "[0-9]+", None, "1"),
        ("regex", "(nope)?Blue(nope)?", None, MISSING),
        ("regex", "nope", None, MISSING),
        ("cookie", "session", None, "abc"),
        ("cookie", "Session", None, MISSING),
        ("url", "", None, "http://shop/cart?a=1"),
        ("size", "", None, len(PAGE)),
        ("sha256", "", None, sha256(PAGE).hexdigest()),
        ("redirects", "", None, 2),
        ("phase", "send", None, Duration(5_000_000)),
        ("phase", "tls", None, MISSING),
        ("duration", "", None, Duration(40_000_000)),
        ("body", "", None, PAGE.decode()),
    ],
)
def test_a_query_finds_a_value_or_nothing(name: str, argument: str, attribute: str | None, value: Any) -> None:
    found = _find(name, observed(PAGE, status=404, headers=HEADERS), argument, attribute)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("$.id", 7),
        ("$.none", None),
        ("$.nothing", MISSING),
        ("$.items[*].n", [1, 2]),
        ("$.items[?@.n == 1].n", [1]),
        ("$.items[?@.n == 9]", MISSING),
        ("$.items", [{"n": 1}, {"n": 2}]),
    ],
)
def test_a_path_that_can_match_once_gives_the_value_and_any_other_a_list(argument: str, value: Any) -> None:
    assert _find("jsonpath", observed(JSON), argument) == value


@pytest.mark.parametrize(
    ("name", "body", "argument", "message"),
    [
        ("jsonpath", b"<html>", "$.a", 'expected a JSON body, got "<html>"'),
        ("jsonpath", b"", "$.a", 'expected a JSON body, got ""'),
        ("jsonpath", b'{"a": NaN}', "$.a", 'expected a JSON body, got "{\\"a\\": NaN}"'),
        ("jsonpath", DEEP, "$..a", f'expected a JSON body, got "{DEEP.decode()}"'),
        ("jsonpath", b"{}", "a.b", "not a JSONPath: expected '$', found 'a'"),
        ("css", b"", "a[", 'not a CSS selector: "a["'),
        ("regex", b"", "(", "missing ): ("),
        ("phase", b"", "dns", "not a phase: dns"),
    ],
)
def test_what_cannot_be_looked_at_is_said(name: str, body: bytes, argument: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        _find(name, observed(body), argument)
    assert str(caught.value) == message


@pytest.mark.parametrize("name", QUERIES)
def test_a_step_without_an_answer_says_so_where_one_is_needed(name: str) -> None:
    if QUERIES[name].looks_at in (Seen.CERTIFICATE, Seen.ANSWERS):
        pytest.skip("needs none")
    if QUERIES[name].looks_at in (Seen.RESPONSE, Seen.TEXT):
        with pytest.raises(QueryError, match="the step got no answer to look at"):
            _find(name, NOTHING_SEEN, "$")
    else:
        assert _find(name, NOTHING_SEEN, "other") == Duration(2_000_000_000)


@pytest.mark.parametrize(
    ("name", "argument"), [("body", ""), ("jsonpath", "$.id"), ("css", "h1"), ("regex", "[0-9]"), ("regex", "nope")]
)
def test_of_a_part_of_a_body_nothing_is_said(name: str, argument: str) -> None:
    seen = observed(PAGE)
    assert seen.response
    cut = replace(seen, response=replace(seen.response, whole=Whole(5000, "d1")))
    with pytest.raises(
        QueryError, match=r"^only \d+ B of 4.9 KiB were kept: raise max_body, or check its size or sha256$"
    ):
        _find(name, cut, argument)


def test_of_a_part_of_a_body_its_size_and_digest_are_known() -> None:
    seen = observed(PAGE)
    assert seen.response
    cut = replace(seen, response=replace(seen.response, whole=Whole(5000, "d1")))
    assert [_find(name, cut) for name in ("size", "sha256", "status")] == [5000, "d1", 200]


def test_a_certificate_that_was_not_shown_is_not_looked_at() -> None:
    with pytest.raises(QueryError, match="there was no TLS"):
        _find("certificate", NOTHING_SEEN, "days_left")


def test_without_a_chain_only_the_handshake_is_known() -> None:
    seen = replace(NOTHING_SEEN, tls=TlsFacts("TLSv1.3", "AES"), seen_at=datetime(2026, 1, 31, tzinfo=UTC))
    known = {name: _find("certificate", seen, name) for name in CERTIFICATE_FACTS}
    assert {name: value for name, value in known.items() if value is not MISSING} == {
        "version": "TLSv1.3",
        "cipher": "AES",
    }


def test_a_chain_has_as_many_days_left_as_its_first_certificate_to_expire() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    chain = tuple(Certificate(name, "", now, now + timedelta(days=days)) for name, days in (("shop", 60), ("ca", 9)))
    seen = replace(NOTHING_SEEN, tls=TlsFacts("", "", chain=chain), seen_at=now)
    found = [_find("certificate", seen, name) for name in ("days_left", "expires", "subject")]
    assert found == [9, "2026-02-09T00:00:00+00:00", "shop"]


def test_what_came_without_http_is_looked_at_like_a_body() -> None:
    seen = replace(NOTHING_SEEN, text='{"id": 220} mail')
    assert (_find("body", seen), _find("regex", seen, "[0-9]+")) == ('{"id": 220} mail', "220")


def test_answers_are_a_list_with_all_of_them() -> None:
    assert _find("answers", replace(NOTHING_SEEN, answers=("a", "b"))) == ["a", "b"]
