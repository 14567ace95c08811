"""Checks and captures, evaluated on what a step observed."""

from typing import Any

from probe.evaluate.filters import FilterError, apply_filters
from probe.evaluate.pattern import PatternError
from probe.evaluate.predicates import PREDICATES
from probe.evaluate.queries import QUERIES, QueryError
from probe.evaluate.scope import Scope
from probe.evaluate.template import RenderError, render_text, render_value
from probe.evaluate.value import MISSING, show, type_name
from probe.model.journey import Capture, Check, Predicate, Query
from probe.model.observation import Observation
from probe.model.result import CaptureResult, Cause, CheckResult, Failure
from probe.model.template import FilterCall

LONGEST_CAPTURE = 64 * 1024


def run_check(check: Check, seen: Observation, scope: Scope) -> CheckResult:
    """What came of the check; RenderError when a template in it has no value."""
    operands = [render_value(predicate.value, scope) for predicate in check.predicates]
    expected = _expected(check, operands)
    try:
        actual = _find(check.query, check.filters, seen, scope)
        broken = _first_broken(check, operands, actual)
    except (QueryError, FilterError) as error:
        return CheckResult(_spell(check.query), False, expected, str(error), check.place, check.soft)
    if broken is None:
        return CheckResult(_spell(check.query), True, expected, show(actual), check.place, check.soft)
    hint = _hint(broken, operands[check.predicates.index(broken)], actual)
    return CheckResult(_spell(check.query), False, expected, show(actual), broken.place, check.soft, hint)


def run_capture(capture: Capture, seen: Observation, scope: Scope) -> CaptureResult:
    """The captured value, or the Failure that says what was looked at instead."""
    expected = f"a value for {capture.name} from {_spell(capture.query)}"
    try:
        value = _find(capture.query, capture.filters, seen, scope)
        if value is MISSING:
            raise QueryError("nothing")
        if isinstance(value, str) and len(value) > LONGEST_CAPTURE:
            raise QueryError(f"a text of {len(value)} characters; at most {LONGEST_CAPTURE} can be kept")
    except (QueryError, FilterError) as error:
        message = f"{capture.name} could not be captured"
        failure = Failure(Cause.CAPTURE, message, capture.place, expected, str(error))
        return CaptureResult(capture.name, failure=failure)
    return CaptureResult(capture.name, value)


def _find(query: Query, filters: tuple[FilterCall, ...], seen: Observation, scope: Scope) -> Any:
    argument = "" if query.argument is None else render_text(query.argument, scope)
    return apply_filters(QUERIES[query.name].find(seen, argument, query.attribute), filters)


def _first_broken(check: Check, operands: list[Any], actual: Any) -> Predicate | None:
    for predicate, operand in zip(check.predicates, operands, strict=True):
        kind = PREDICATES[predicate.name]
        try:
            holds = kind.holds(actual, operand)
        except PatternError as error:
            raise RenderError(f"not a regular expression: {error}", predicate.place) from None
        if actual is MISSING and predicate.name != "exists":
            return predicate  # nothing was found: neither the predicate nor its opposite holds
        if holds is check.negate:
            return predicate
    return None


def _expected(check: Check, operands: list[Any]) -> str:
    words = [f"{p.name} {show(operand)}" for p, operand in zip(check.predicates, operands, strict=True)]
    return f"{'not ' if check.negate else ''}{' and '.join(words)}"


def _spell(query: Query) -> str:
    argument = "" if query.argument is None else f" {_source(query)}"
    attribute = "" if query.attribute is None else f" attribute {query.attribute}"
    return f"{query.name}{argument}{attribute}"


def _source(query: Query) -> str:
    """The argument as it stands in the file: a rendered one could differ from run to run."""
    assert query.argument is not None
    literal = query.argument.literal
    return (
        query.argument.place.text[query.argument.place.column - 1 : query.argument.place.end_column - 1]
        if literal is None
        else literal
    )


def _hint(predicate: Predicate, operand: Any, actual: Any) -> str:
    if actual is MISSING:
        return "to expect that nothing is there, write: exists: false"
    if isinstance(actual, str) and isinstance(operand, int | float) and not isinstance(operand, bool):
        return 'the value is text; make it a number with: filter: "to_float"'
    if type_name(actual) != type_name(operand) and predicate.name in ("equals", "in") and type_name(operand) != "list":
        return f"the value is of type {type_name(actual)}, expected {type_name(operand)}"
    return ""
