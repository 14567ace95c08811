import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.evaluate.check import LONGEST_CAPTURE, run_capture, run_check
from probe.evaluate.template import RenderError, parse_filters
from probe.model.journey import Capture, Check, Predicate, Query
from probe.model.place import Place
from probe.model.result import CaptureResult, Cause, CheckResult, Failure
from probe.model.template import Text, Value
from tests.evaluate.observed import AT, observed, scope, text

JSON = b'{"id": 7, "name": "cart", "price": 1.5, "items": [1, 2], "when": null}'


def _check(path: str, filters: str = "", *, negate: bool = False, **predicates: Value) -> Check:
    query = Query("jsonpath", text(path), None, AT)
    tests = tuple(Predicate(name, value, AT) for name, value in predicates.items())
    return Check(query, parse_filters(filters) if filters else (), tests, AT, negate)


def _result(check: Check, body: bytes = JSON) -> CheckResult:
    return run_check(check, observed(body), scope(seven=7, cart="cart"))


@pytest.mark.parametrize(
    ("check", "passed"),
    [
        (_check("$.id", equals=7), True),
        (_check("$.id", equals=text("${seven}")), True),
        (_check("$.id", above=5, below=9), True),
        (_check("$.id", above=5, below=6), False),
        (_check("$.id", above=5, below=6, negate=True), True),
        (_check("$.id", above=5, below=9, negate=True), False),
        (_check("$.nope", equals=7), False),
        (_check("$.nope", equals=7, negate=True), False),
        (_check("$.nope", not_equals=7), False),
        (_check("$.nope", exists=False), True),
        (_check("$.nope", exists=True, negate=True), True),
        (_check("$.when", exists=True), True),
        (_check("$.when", equals=None), True),
        (_check("$.name", "upper", starts_with=text("CA")), True),
        (_check("$.name", contains=text("${cart}")), True),
        (_check("$.id", "default(1)", starts_with=text("${seven}")), False),
        (_check("$.name", matches=text("${seven}|art")), True),
        (_check("$.items[*]", "count", equals=2), True),
    ],
)
def test_a_check_passes_when_its_predicates_hold(check: Check, passed: bool) -> None:
    assert _result(check).passed is passed


@pytest.mark.parametrize(
    ("check", "expected", "actual", "hint"),
    [
        (_check("$.id", equals=8), "equals 8", "7", ""),
        (_check("$.id", equals=7.5), "equals 7.5", "7", ""),
        (_check("$.id", equals=text("7")), 'equals "7"', "7", "the value is of type integer, expected text"),
        (_check("$.id", below=text("${cart}")), 'below "cart"', "7", "the value is of type integer, expected text"),
        (
            _check("$.name", equals=7),
            "equals 7",
            '"cart"',
            'the value is text; make it a number with: filter: "to_float"',
        ),
        (_check("$.id", above=5, below=6), "above 5 and below 6", "7", ""),
        (_check("$.id", equals=7, negate=True), "not equals 7", "7", ""),
        (_check("$.id", above=5, below=9, negate=True), "not (above 5 and below 9)", "7", ""),
        (
            _check("$.nope", equals=7),
            "equals 7",
            "nothing",
            "to expect that nothing is there, write: exists: false",
        ),
        (_check("$.items", "trim", equals=1), "equals 1", "trim: expected text, got list [1, 2]", ""),
        (_check("nope", exists=True), "exists true", "not a JSONPath: expected '$', found 'n'", ""),
    ],
)
def test_a_check_that_does_not_pass_says_what_came_instead(check: Check, expected: str, actual: str, hint: str) -> None:
    assert check.query.argument is not None
    spelled = f"jsonpath {check.query.argument.literal}"
    assert _result(check) == CheckResult(spelled, False, expected, actual, AT, hint=hint)


def test_a_check_points_at_the_predicate_that_broke() -> None:
    there = Place("a.yaml", 9, 9, 10)
    query = Query("jsonpath", text("$.id"), None, AT)
    check = Check(query, (), (Predicate("above", 5, AT), Predicate("below", 6, there)), AT)
    assert _result(check).place is there


def test_a_pattern_that_is_none_once_rendered_blames_the_journey() -> None:
    check = _check("$.name", matches=text("(${cart}"))
    with pytest.raises(RenderError, match=r"not a regular expression: missing \): \(cart"):
        _result(check)


def test_a_soft_check_says_so() -> None:
    query = Query("status", None, None, AT)
    check = Check(query, (), (Predicate("equals", 201, AT),), AT, soft=True)
    assert _result(check) == CheckResult("status", False, "equals 201", "200", AT, soft=True)


@pytest.mark.parametrize(
    ("path", "value"), [("$.id", 7), ("$.items[*]", [1, 2]), ("$", json.loads(JSON)), ("$.when", None)]
)
def test_a_capture_keeps_the_value_as_it_is(path: str, value: Any) -> None:
    capture = Capture("x", Query("jsonpath", text(path), None, AT), (), AT)
    assert run_capture(capture, observed(JSON), scope()) == CaptureResult("x", value)


@pytest.mark.parametrize(
    ("body", "path", "actual"),
    [
        (JSON, "$.nope", "nothing"),
        (b"<html>", "$.id", 'expected a JSON body, got "<html>"'),
        (b'"' + b"x" * 65537 + b'"', "$", "a text of 65537 characters; at most 65536 can be kept"),
        (b'["' + b"x" * 65537 + b'"]', "$", "a list of 65541 characters; at most 65536 can be kept"),
    ],
)
def test_a_capture_that_finds_nothing_to_keep_is_a_failure(body: bytes, path: str, actual: str) -> None:
    assert LONGEST_CAPTURE == 65536
    capture = Capture("order", Query("jsonpath", text(path), None, AT), (), AT)
    expected = f"a value for order from jsonpath {path}"
    failure = Failure(Cause.CAPTURE, "order could not be captured", AT, expected, actual)
    assert run_capture(capture, observed(body), scope()) == CaptureResult("order", failure=failure)


def test_a_check_is_spelled_as_it_stands_in_the_file() -> None:
    place = Place("a.yaml", 1, 9, 19, "- {css: #n${seven}, attribute: value}")
    query = Query("css", Text(text("#n${seven}").parts, place), "value", AT)
    result = run_check(Check(query, (), (Predicate("exists", False, AT),), AT), observed(), scope(seven=7))
    assert (result.check, result.passed) == ("css #n${seven} attribute value", True)


_BODIES = st.binary() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(lambda value: json.dumps(value).encode())


@given(_BODIES, st.sampled_from(["", "trim", "first", "count", "to_int", "to_float", "json", 'split("")', "base64"]))
def test_no_answer_of_a_target_makes_a_check_or_capture_raise(body: bytes, filters: str) -> None:
    for path in ("$", "$..a", "$[0]", "$[?@.a < 5]"):
        capture = Capture("x", Query("jsonpath", text(path), None, AT), parse_filters(filters) if filters else (), AT)
        assert run_capture(capture, observed(body), scope()).name == "x"
        for predicate in (_check(path, filters, equals=1), _check(path, filters, contains=text("a"), at_least=2)):
            assert _result(predicate, body).actual
