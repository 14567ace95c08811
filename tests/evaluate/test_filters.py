import inspect
from typing import Any

import pytest

from probe.evaluate.filters import FILTERS, FilterError, apply_filters, kind_after
from probe.evaluate.template import parse_filters
from probe.evaluate.value import MISSING, Matches, ValueKind

TWO = Matches(["a", "b"], "a")
NONE: Matches = Matches([], MISSING)
ONE_LIST = Matches([[1, 2, 3]], [1, 2, 3])


@pytest.mark.parametrize(
    ("value", "filters", "result"),
    [
        ([1, 2, 3], "nth(0)", 1),
        ([1, 2, 3], "nth(-1)", 3),
        ([1, 2, 3], "nth(3)", MISSING),
        ([1, 2, 3], "nth(-4)", MISSING),
        ([1, 2, 3], "nth(99999999999999999999)", MISSING),
        ([1, 2, 3], "first", 1),
        ([1, 2, 3], "last", 3),
        ([], "first", MISSING),
        ([1, 2, 3], "count", 3),
        ("a-b-c", 'split("-")', ["a", "b", "c"]),
        ("abc", 'split("")', ["a", "b", "c"]),
        ("1,299.00", 'replace(",", "")', "1299.00"),
        ("Ä b", "lower", "ä b"),
        ("ß", "upper", "SS"),
        (" a\n", "trim", "a"),
        (" -42 ", "to_int", -42),
        (2.0, "to_int", 2),
        ("1e3", "to_float", 1000.0),
        (" .5", "to_float", 0.5),
        (7, "to_float", 7.0),
        ("a/b ü", "url_encode", "a%2Fb%20%C3%BC"),
        ("ü", "base64", "w7w="),
        ('{"a": [1, null]}', "json", {"a": [1, None]}),
        (None, 'default("x")', "x"),
        (MISSING, "default(3)", 3),
        ("", 'default("x")', ""),
        (MISSING, "trim | to_int", MISSING),
        (MISSING, "trim | default(0)", 0),
        ("a, b ,c", 'split(",") | nth(1) | trim | upper', "B"),
        (TWO, "count", 2),
        (TWO, "last", "b"),
        (TWO, "upper", "A"),
        (NONE, "count", 0),
        (NONE, "first", MISSING),
        (NONE, "upper", MISSING),
        (ONE_LIST, "count", 3),
        (ONE_LIST, "nth(1)", 2),
    ],
)
def test_filters_transform_a_value_from_left_to_right(value: Any, filters: str, result: Any) -> None:
    filtered = apply_filters(value, parse_filters(filters))
    assert (filtered, type(filtered)) == (result, type(result))


@pytest.mark.parametrize(
    ("value", "filters", "message"),
    [
        (5, "first", "first: expected a list, got integer 5"),
        ("abc", "nth(0)", 'nth: expected a list, got text "abc"'),
        ({"a": 1}, "count", 'count: expected a list, got object {"a": 1}'),
        (5, "upper", "upper: expected text, got integer 5"),
        (None, "trim", "trim: expected text, got null"),
        (True, "to_int", "to_int: expected a whole number, got true"),
        ("1.5", "to_int", 'to_int: expected a whole number, got "1.5"'),
        (1.5, "to_int", "to_int: expected a whole number, got 1.5"),
        (float("inf"), "to_int", "to_int: expected a whole number, got Infinity"),
        ("9" * 401, "to_int", f'to_int: expected a whole number, got "{"9" * 401}"'),
        ("1_000", "to_float", 'to_float: expected a number, got "1_000"'),
        ("nan", "to_float", 'to_float: expected a number, got "nan"'),
        ("1e999", "to_float", "to_float: expected a number, got Infinity"),
        (10**400, "to_float", f"to_float: expected a number, got 1{'0' * 400}"),
        ([], "to_float", "to_float: expected a number, got []"),
        ("{", "json", 'json: expected JSON text, got "{"'),
        ("NaN", "json", 'json: expected JSON text, got "NaN"'),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_the_filter(value: Any, filters: str, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        apply_filters(value, parse_filters(filters))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "filters", "after"),
    [
        (ValueKind.TEXT, "nth(1)", ValueKind.TEXT),
        (ValueKind.TEXT, "first | to_int", ValueKind.NUMBER),
        (ValueKind.TEXT, 'default("x")', ValueKind.TEXT),
        (ValueKind.TEXT, 'split("-")', ValueKind.LIST),
        (ValueKind.TEXT, 'split("-") | last', ValueKind.TEXT),
        (ValueKind.TEXT, "count", ValueKind.NUMBER),
        (ValueKind.ANY, "first", ValueKind.ANY),
        (ValueKind.TEXT, "json", ValueKind.ANY),
        (ValueKind.TEXT, "trim | base64", ValueKind.TEXT),
    ],
)
def test_the_kind_of_a_value_is_known_before_it_is_there(kind: ValueKind, filters: str, after: ValueKind) -> None:
    assert kind_after(kind, parse_filters(filters)) is after


@pytest.mark.parametrize("name", FILTERS)
def test_the_table_says_what_each_filter_takes(name: str) -> None:
    assert len(inspect.signature(FILTERS[name].apply).parameters) == 1 + len(FILTERS[name].arguments)
    assert FILTERS[name].description
