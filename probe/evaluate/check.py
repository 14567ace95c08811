"""Checks and captures, evaluated on what a step observed."""

import json
from typing import Any

from probe.evaluate.filters import FilterError, apply_filters
from probe.evaluate.pattern import PatternError
from probe.evaluate.predicates import PREDICATES, Operand
from probe.evaluate.queries import QUERIES, QueryError
from probe.evaluate.scope import Scope
from probe.evaluate.template import RenderError, render_text, render_value
from probe.evaluate.value import MISSING, show, type_name
from probe.model.journey import Capture, Check, Predicate, Query
from probe.model.observation import Observation
from probe.model.result import CaptureResult, Cause, CheckResult, Failure
from probe.model.template import FilterCall, Text

LONGEST_CAPTURE = 64 * 1024


def run_check(check: Check, seen: Observation, scope: Scope) -> CheckResult:
    """What came of the check; RenderError when a template in it has no value."""
    operands = [_operand(predicate, scope) for predicate in check.predicates]
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
        size = len(value if isinstance(value, str) else json.dumps(value))
        if size > LONGEST_CAPTURE:
            raise QueryError(f"a {type_name(value)} of {size} characters; at most {LONGEST_CAPTURE} can be kept")
    except (QueryError, FilterError) as error:
        message = f"{capture.name} could not be captured"
        failure = Failure(Cause.CAPTURE, message, capture.place, expected, str(error))
        return CaptureResult(capture.name, failure=failure)
    return CaptureResult(capture.name, value)


def _find(query: Query, filters: tuple[FilterCall, ...], seen: Observation, scope: Scope) -> Any:
    argument = "" if query.argument is None else render_text(query.argument, scope)
    return apply_filters(QUERIES[query.name].find(seen, argument, query.attribute), filters)


def _operand(predicate: Predicate, scope: Scope) -> Any:
    """The value beside a predicate; where only text can stand, `${…}` is text whatever it is elsewhere."""
    if isinstance(predicate.value, Text) and PREDICATES[predicate.name].operand in (Operand.TEXT, Operand.PATTERN):
        return render_text(predicate.value, scope)
    return render_value(predicate.value, scope)


def _first_broken(check: Check, operands: list[Any], actual: Any) -> Predicate | None:
    """The predicate to blame; None when the check passes."""
    untestable = actual is MISSING and any(predicate.name != "exists" for predicate in check.predicates)
    outcomes = [_holds(p, operand, actual) for p, operand in zip(check.predicates, operands, strict=True)]
    if check.negate and not untestable:
        return check.predicates[0] if all(outcomes) else None
    return next((p for p, holds in zip(check.predicates, outcomes, strict=True) if not holds), None)


def _holds(predicate: Predicate, operand: Any, actual: Any) -> bool:
    if actual is MISSING and predicate.name != "exists":
        return False  # also when `not` asks for the opposite
    try:
        return PREDICATES[predicate.name].holds(actual, operand)
    except PatternError as error:
        raise RenderError(f"not a regular expression: {error}", predicate.place) from None


def _expected(check: Check, operands: list[Any]) -> str:
    words = [f"{p.name} {show(operand)}" for p, operand in zip(check.predicates, operands, strict=True)]
    every = " and ".join(words)
    if check.negate:
        return f"not ({every})" if len(words) > 1 else f"not {every}"
    return every


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
    found, wanted = type_name(actual), type_name(operand)
    numbers = {found, wanted} == {"integer", "number"}
    compares = predicate.name == "equals" or PREDICATES[predicate.name].operand is Operand.ORDERED
    return f"the value is of type {found}, expected {wanted}" if compares and found != wanted and not numbers else ""
