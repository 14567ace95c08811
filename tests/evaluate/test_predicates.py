from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.evaluate.predicates import PREDICATES, TYPES, Operand
from probe.evaluate.value import MISSING

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("actual", "name", "operand", "holds"),
    [
        (1, "equals", 1.0, True),
        (1, "equals", True, False),
        ("1", "equals", 1, False),
        ([1, {"a": None}], "equals", [1, {"a": None}], True),
        (None, "equals", None, True),
        ("a", "not_equals", "b", True),
        ("abc", "contains", "bc", True),
        ("abc", "contains", 1, False),
        ([1, 2], "contains", 2.0, True),
        ([1, 2], "contains", True, False),
        ({"a": 1}, "contains", "a", True),
        ({"a": 1}, "contains", ["a"], False),
        (5, "contains", 5, False),
        ("abc", "starts_with", "ab", True),
        ("abc", "ends_with", "ab", False),
        (5, "starts_with", "5", False),
        ("order 12", "matches", "[0-9]+$", True),
        ("order", "matches", "^x", False),
        (5, "matches", "5", False),
        (5, "exists", True, True),
        (None, "exists", True, True),
        (MISSING, "exists", True, False),
        (MISSING, "exists", False, True),
        (2, "above", 1.5, True),
        (2, "above", 2, False),
        (2, "at_least", 2, True),
        (2, "below", 2, False),
        (2, "at_most", 2, True),
        (True, "above", 0, False),
        ("3", "above", 2, False),
        (3, "above", "2", False),
        (None, "below", 2, False),
        (2, "in", [1, 2.0], True),
        (True, "in", [1], False),
        (1, "is_type", "integer", True),
        (1, "is_type", "number", True),
        (1.5, "is_type", "integer", False),
        (True, "is_type", "number", False),
        (None, "is_type", "null", True),
        ({}, "is_type", "object", True),
    ],
)
def test_a_predicate_holds_for_what_json_says_is_so(actual: Any, name: str, operand: Any, holds: bool) -> None:
    assert PREDICATES[name].holds(actual, operand) is holds


@given(actual=_VALUES | st.just(MISSING), wanted=_VALUES)
def test_no_value_of_a_target_makes_a_predicate_raise(actual: Any, wanted: Any) -> None:
    operands = {
        Operand.LIKE_ACTUAL: wanted,
        Operand.ORDERED: wanted,
        Operand.TEXT: str(wanted),
        Operand.PATTERN: "a+",
        Operand.LIST: [wanted],
        Operand.BOOLEAN: bool(wanted),
        Operand.TYPE: TYPES[0],
    }
    outcomes = {kind.holds(actual, operands[kind.operand]) for kind in PREDICATES.values()}
    assert outcomes <= {True, False}


@given(_VALUES)
def test_every_value_has_exactly_one_type(value: Any) -> None:
    names = [name for name in TYPES if PREDICATES["is_type"].holds(value, name)]
    assert names in ([name] for name in TYPES) or names == ["number", "integer"]
