import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.evaluate.value import MAX_DEPTH, MISSING, Matches, collapse, read_json, same, show, type_name
from probe.model.duration import Duration

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "boolean"),
        (1, "integer"),
        (1.0, "number"),
        ("", "text"),
        ([], "list"),
        ({}, "object"),
        (None, "null"),
        (MISSING, "nothing"),
    ],
)
def test_a_value_has_the_type_json_gives_it(value: Any, name: str) -> None:
    assert type_name(value) == name


@given(_JSON)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, json.loads(json.dumps(value)))


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (0, False), ("1", 1), (None, False), ([1], [True]), ({"a": 1}, {"a": True}), ([1, 2], [1]), ([], {})],
)
def test_what_python_confuses_is_not_the_same(left: Any, right: Any) -> None:
    assert not same(left, right)
    assert not same(right, left)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        ('say "é"\n', '"say \\"é\\"\\n"'),
        ([1, "a", {"b": True}], '[1, "a", {"b": true}]'),
        (Duration(12_300_000), "12.3 ms"),
        ("x" * 70_000, f'"{"x" * (64 * 1024 - 2)}…'),
    ],
)
def test_a_value_is_shown_as_json_in_one_line(value: Any, shown: str) -> None:
    assert show(value) == shown


@given(_JSON)
def test_what_is_shown_is_one_line(value: Any) -> None:
    assert "\n" not in show(value)
    assert "\n" not in show(value)


@given(_JSON)
def test_json_reads_as_the_value_it_was_made_of(value: Any) -> None:
    assert same(read_json(json.dumps(value)), value)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "-Infinity", "[1,]", "'a'", "1" * 5000, "[" * 200_000, "[" * 101 + "]" * 101]
)
def test_what_is_no_json_or_too_deep_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)


def test_json_may_be_as_deep_as_the_limit_and_as_wide_as_it_likes() -> None:
    deep: Any = json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert read_json(json.dumps(deep)) == deep
    assert read_json(json.dumps([[{}]] * 1000)) == [[{}]] * 1000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('\ufeff{"a": 1}', {"a": 1}),
        ('"\\ud83d\\ude00"', "😀"),
        ('["\\ud83d", "\\uDE00x", "\\\\ud83d"]', ["�", "�x", "\\ud83d"]),
    ],
)
def test_json_is_read_so_that_it_can_be_written_again(text: str, value: Any) -> None:
    assert read_json(text) == value
    assert json.dumps(read_json(text), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("matches", "value"), [(Matches([1, 2], 1), 1), (Matches([], 5), MISSING), (Matches([None], None), None), (7, 7)]
)
def test_matches_stand_for_one_value_or_nothing(matches: Any, value: Any) -> None:
    assert collapse(matches) == value
