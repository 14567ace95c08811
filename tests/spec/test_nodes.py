import pytest

from probe.spec.nodes import Mapping, Scalar, describe, shorten
from tests.spec.reading import node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, None) for word in ("~", "null", "Null", "NULL")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, False) for word in ("false", "False", "FALSE")],
        *[(word, word) for word in ("yes", "no", "on", "off", "Yes", "NO", "y", "N", "tRUE", "nULL", "None")],
        *[
            (word, word)
            for word in ("12:30", "1:2:3", "2026-01-01", "2026-01-01T12:00:00Z", "1_000", "0b101", "1e", "+")
        ],
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("0o18", "0o18"),
        ("-0x1F", "-0x1F"),
        ("1.10", 1.1),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".inf", ".inf"),
        ("-.INF", "-.INF"),
        (".nan", ".nan"),
        ("=", "="),
        ("<<", "<<"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("'~'", "~"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("|\n  5\n", "5\n"),
        ("a\n  b", "a b"),
        ("٣", "٣"),
        ("9" * 400, int("9" * 400)),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_scalar_is_what_the_yaml_1_2_core_schema_says(text: str, value: object) -> None:
    pairs = node(f"a: {text}")
    assert isinstance(pairs, Mapping)
    scalar = pairs.get("a")
    assert isinstance(scalar, Scalar)
    assert (scalar.value, type(scalar.value)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "loses"), [("0123", True), ("-007", True), ("00", True), ("0", False), ("0.5", False), ("'0123'", False)]
)
def test_a_number_that_loses_its_zeros_is_known(text: str, loses: bool) -> None:
    scalar = node(text)
    assert isinstance(scalar, Scalar)
    assert scalar.loses_zeros is loses


@pytest.mark.parametrize(
    ("text", "infinite"),
    [(".inf", True), ("-.Inf", True), (".NaN", True), ("1e999", True), ("1e9", False), ("'.inf'", False)],
)
def test_a_number_without_an_end_is_known(text: str, infinite: bool) -> None:
    scalar = node(text)
    assert isinstance(scalar, Scalar)
    assert scalar.is_not_finite is infinite


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("[1]", "a list"),
        ("{a: 1}", "a mapping"),
        ("~", "nothing"),
        ("TRUE", "TRUE"),
        ("1.50", "the number 1.50"),
        ("'1.50'", '"1.50"'),
        ("no", '"no"'),
        ("'two\n\n  lines'", '"two\\nlines"'),
        ("x" * 80, f'"{"x" * 59}…"'),
    ],
)
def test_a_node_is_described_as_a_person_would(text: str, described: str) -> None:
    assert describe(node(text)) == described


def test_a_key_is_found_by_its_text() -> None:
    pairs = node("{a: 1, b: 2}")
    assert isinstance(pairs, Mapping)
    assert (describe(pairs.get("b") or pairs), pairs.get("c")) == ("the number 2", None)


@pytest.mark.parametrize(("text", "short"), [("abc", "abc"), ("abcdef", "abcd…"), ("a\nb", "a\\nb")])
def test_a_text_is_shortened_to_a_line(text: str, short: str) -> None:
    assert shorten(text, 5) == short
