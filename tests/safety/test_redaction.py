import base64
import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from probe.model.result import Cause, Failure
from probe.safety.redaction import LONGEST_TEXT, SHORTEST, Redactor, pattern_of

SECRET = "p@ss/Wörd+1 <\"'&>\\?"


def _lower_hex(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "percent, slashes kept": quote,
    "form": quote_plus,
    "form body": lambda text: urlencode({"a": text}),
    "json": json.dumps,
    "json, unicode kept": lambda text: json.dumps(text, ensure_ascii=False),
    "html": html.escape,
    "html, quotes kept": lambda text: html.escape(text, quote=False),
}
LOWER_HEX: dict[str, Callable[[str], str]] = {
    "percent": lambda text: _lower_hex(quote(text, safe="")),
    "form": lambda text: _lower_hex(quote_plus(text)),
}
BASE64: dict[str, Callable[[bytes], bytes]] = {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode}

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST, max_size=20)


def _redact(text: str, **secrets: str) -> str:
    return Redactor(secrets or {"pin": SECRET}).text(text)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_secret_is_found_in_every_form_that_is_documented(encode: Callable[[str], str]) -> None:
    text = encode(f"before {SECRET} after")
    assert _redact(text) == text.replace(_form(encode), "[pin]")
    assert "[pin]" in _redact(text)


@pytest.mark.parametrize("encode", LOWER_HEX.values(), ids=LOWER_HEX)
def test_a_secret_is_found_percent_encoded_with_lower_case_digits(encode: Callable[[str], str]) -> None:
    text = encode(f"before {SECRET} after")
    assert _redact(text) == text.replace(_form(encode), "[pin]")


def _form(encode: Callable[[str], str], secret: str = SECRET) -> str:
    return encode(secret).strip('"').removeprefix("a=")


@pytest.mark.parametrize("encode", BASE64.values(), ids=BASE64)
@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:", "4 years"])
@pytest.mark.parametrize("after", ["", "x", "xy", "xyz"])
def test_a_secret_is_found_in_base64_wherever_it_stands(
    encode: Callable[[bytes], bytes], before: str, after: str
) -> None:
    text = f"Basic {encode(f'{before}{SECRET}{after}'.encode()).decode()}"
    redacted = _redact(text)
    assert "[pin]" in redacted
    assert len(redacted) <= len("Basic [pin]") + len(base64.b64encode((before + after).encode())) + 4


@pytest.mark.parametrize("value", ["", "1", "abcde"])
def test_a_short_value_is_left_alone(value: str) -> None:
    text = f"a text with abcde and 1 and {base64.b64encode(value.encode()).decode()} in it"
    assert (_redact(text, short=value), pattern_of(value)) == (text, None)


def test_the_longer_secret_is_found_before_the_one_within_it() -> None:
    assert _redact("token-123456-x", long="token-123456", short="123456") == "[long]-x"


def test_a_secret_that_comes_to_be_known_is_found_from_then_on() -> None:
    redactor = Redactor({})
    assert redactor.text("t0k3n-1") == "t0k3n-1"
    redactor.add("token", "t0k3n-1")
    assert redactor.text("t0k3n-1") == "[token]"


class _Colour(StrEnum):
    SECRET = "secret-red"


class _Inner(msgspec.Struct, frozen=True):
    note: str
    colour: _Colour


class _Record(msgspec.Struct, frozen=True):
    inner: _Inner
    many: tuple[str, ...]
    by_name: dict[str, Any]
    count: int
    share: float
    when: datetime
    none: None = None


def test_a_record_keeps_its_shape_its_numbers_and_its_enumerations() -> None:
    when = datetime(2026, 1, 31, tzinfo=UTC)
    names = {"secret-red": ["secret-red", 1.5, True], "x": None}
    record = _Record(_Inner("is secret-red", _Colour.SECRET), ("a", "secret-red"), names, 12, 0.5, when)
    redacted = Redactor({"colour": "secret-red"}).record(record)
    by_name = {"[colour]": ["[colour]", 1.5, True], "x": None}
    assert redacted == _Record(_Inner("is [colour]", _Colour.SECRET), ("a", "[colour]"), by_name, 12, 0.5, when)
    assert redacted.inner.colour is _Colour.SECRET


def test_what_holds_no_secret_is_the_same_object() -> None:
    record = Failure(Cause.CHECK, "expected 200, got 500")
    assert Redactor({}).record(record) is record
    assert Redactor({"pin": SECRET}).record(record) is record


def test_a_secret_of_digits_is_found_as_a_number_too() -> None:
    assert Redactor({"card": "4242424242424242"}).record({"card": 4242424242424242, "n": 42}) == {
        "card": "[card]",
        "n": 42,
    }


def test_a_secret_of_digits_leaves_the_fields_that_must_be_numbers() -> None:
    record = _Record(_Inner("", _Colour.SECRET), (), {"seen": 123456}, 123456, 0.5, datetime(2026, 1, 31, tzinfo=UTC))
    redacted = Redactor({"pin": "123456"}).record(record)
    assert (redacted.count, redacted.by_name) == (123456, {"seen": "[pin]"})


@pytest.mark.parametrize("text", ["p%40ss/W%c3%B6rd+1+<%22'&>%5C?", 'p@ss%2FWörd%2b1%20%3C"%27%26%3e\\%3f'])
def test_a_secret_is_found_when_only_some_of_it_is_percent_encoded(text: str) -> None:
    assert _redact(f"a={text}") == "a=[pin]"


def test_a_secret_is_found_in_json_within_json() -> None:
    text = json.dumps(json.dumps(json.dumps(f"before {SECRET} after")))
    assert "rd+1" not in _redact(text)
    assert "[pin]" in _redact(text)


def test_a_long_text_is_cut_where_no_secret_is_cut_in_two() -> None:
    text = "x" * (LONGEST_TEXT - 10) + "token-123456789" + "y" * 100
    redacted = Redactor({"t": "token-123456789"}).record(text)
    assert redacted == "x" * (LONGEST_TEXT - 10) + "[t]" + "y" * 6 + "…"


@given(secret=_SECRETS, before=_TEXTS, after=_TEXTS)
def test_no_form_of_a_secret_is_left_in_the_encoded_record(secret: str, before: str, after: str) -> None:
    assume(secret not in "[pin]" + before + after and not secret.isspace())
    text = f"{before}{secret}{after}"
    forms = [encode(text) for encode in ENCODINGS.values()]
    forms += [encode(text.encode()).decode() for encode in BASE64.values()]
    record = Redactor({"pin": secret}).record({"a": [text, {"b": tuple(forms)}], text: 1})
    left = [_form(encode, secret) for encode in ENCODINGS.values()]
    written = json.loads(msgspec.json.encode(record))
    texts = [written["a"][0], *written["a"][1]["b"], *written]
    assert [form for form in left if any(form in each.replace("[pin]", "") for each in texts)] == []


@given(secret=_SECRETS | st.text("aB1 +/%'<\\", min_size=SHORTEST, max_size=20), before=_TEXTS, after=_TEXTS)
def test_a_secret_is_found_in_a_long_text_as_in_a_short_one(secret: str, before: str, after: str) -> None:
    assume("·" not in secret)
    forms = [encode(f"{before}{secret}{after}") for encode in ENCODINGS.values()]
    redactor = Redactor({"pin": secret})
    for text in forms + [form.swapcase() for form in forms]:
        assert redactor.text(text + "·" * LONGEST_TEXT) == redactor.text(text) + "·" * LONGEST_TEXT


@pytest.mark.parametrize("length", [256, 257, 5000])
def test_a_long_secret_is_found_in_a_long_text(length: int) -> None:
    secret = ("<key> /+=" * length)[:length]
    assert _redact("x" * LONGEST_TEXT + html.escape(secret), key=secret) == "x" * LONGEST_TEXT + "[key]"


def test_a_secret_is_found_in_a_long_text_that_cannot_be_encoded() -> None:
    text = "x" * LONGEST_TEXT + "\ud800 token-123456"
    assert _redact(text, token="token-123456") == "x" * LONGEST_TEXT + "\ud800 [token]"


def test_a_text_that_no_record_could_hold_becomes_one_it_can() -> None:
    redacted = Redactor({"card": "4242424242424242"}).record({"file": "caf\udce9.yaml", "plain": "café"})
    assert redacted == {"file": "caf?.yaml", "plain": "café"}


def test_a_secret_that_is_added_again_is_kept_once() -> None:
    redactor = Redactor({"card": "4242424242424242"})
    for _ in range(3):
        redactor.add("card", "4242424242424242")
    redactor.add("other", "4242424242424242")
    assert (len(redactor._secrets), redactor.text("4242424242424242")) == (2, "[card]")
