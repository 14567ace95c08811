import pytest

from probe.model.duration import Duration
from probe.model.journey import Capture, Check
from probe.model.template import FilterCall, Text, Value
from tests.spec.reading import step, wrong_step


def _check(text: str) -> Check:
    return step(f"  check: [{text}]\n").checks[0]


def _plain(value: Value) -> object:
    match value:
        case Text():
            return value.literal if value.literal is not None else value.parts
        case tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize(
    ("text", "query", "argument", "predicates"),
    [
        ("status: 200", "status", None, {"equals": 200}),
        ("status: {in: [200, 304]}", "status", None, {"in": [200, 304]}),
        ("css: .country, equals: NO", "css", ".country", {"equals": "NO"}),
        ("css: .postcode, equals: 0123", "css", ".postcode", {"equals": "0123"}),
        ("css: .price, equals: 1.10", "css", ".price", {"equals": "1.10"}),
        ("css: .price, filter: to_float, equals: 1.10", "css", ".price", {"equals": 1.1}),
        ("css: .price, filter: nth(1), equals: 5", "css", ".price", {"equals": "5"}),
        ("header: Content-Length, filter: to_int, above: 10", "header", "Content-Length", {"above": 10}),
        ("jsonpath: $.n, equals: 5", "jsonpath", "$.n", {"equals": 5}),
        ("jsonpath: $.n, equals: {a: [NO, null]}", "jsonpath", "$.n", {"equals": {"a": ["NO", None]}}),
        ("jsonpath: $.n, is_type: number", "jsonpath", "$.n", {"is_type": "number"}),
        ("body: {matches: 'a+'}", "body", None, {"matches": "a+"}),
        ("duration: 2s", "duration", None, {"equals": Duration(2 * 10**9)}),
        ("phase: tls, below: 500ms, at_least: 1ms", "phase", "tls", {"below": 500 * 10**6, "at_least": 10**6}),
        ("cookie: session, exists: true", "cookie", "session", {"exists": True}),
    ],
)
def test_the_values_beside_a_predicate_are_read_by_what_they_are_compared_with(
    text: str, query: str, argument: str | None, predicates: dict[str, object]
) -> None:
    check = _check(f"{{{text}}}")
    found = check.query.argument and check.query.argument.literal
    tests = {each.name: _plain(each.value) for each in check.predicates}
    assert (check.query.name, found, tests) == (query, argument, predicates)


def test_what_else_a_check_says_is_read() -> None:
    check = _check("{css: input, attribute: value, filter: 'trim | nth(0)', contains: x, not: true, soft: true}")
    filters = (FilterCall("trim"), FilterCall("nth", (0,)))
    assert (check.query.attribute, check.filters, check.negate, check.soft) == ("value", filters, True, True)


def test_a_template_beside_a_number_predicate_is_read_when_it_runs() -> None:
    check = _check('{jsonpath: $.total, above: "${shop}"}')
    assert isinstance(check.predicates[0].value, Text)


def test_a_check_points_at_itself_and_each_predicate_at_its_key_and_value() -> None:
    check = _check("{css: h1, contains: Shop, exists: true}")
    places = [check.place, *(predicate.place for predicate in check.predicates)]
    assert [(place.column, place.end_column) for place in places] == [(11, 12), (21, 35), (37, 49)]


def test_captures_are_queries_by_name() -> None:
    captures = step(
        "  capture: {id: {jsonpath: $.id}, page: {body: , secret: true}, n: {css: p, filter: count}}\n"
    ).captures
    assert [_spelled(capture) for capture in captures] == [
        ("id", "jsonpath", "$.id", (), False),
        ("page", "body", None, (), True),
        ("n", "css", "p", (FilterCall("count"),), False),
    ]


def _spelled(capture: Capture) -> tuple[object, ...]:
    argument = capture.query.argument and capture.query.argument.literal
    return (capture.name, capture.query.name, argument, capture.filters, capture.secret)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{css: h1}", "h1 has no predicate"),
        ("{status: yes}", 'expected a number, got "yes"'),
        ("{status: {equals: ${shop}}}", "a template in a flow mapping or list needs quotes"),
        ("{css: h1, above: 5}", "above cannot test a text"),
        ("{css: h1, filter: first, above: 5}", "above cannot test a text"),
        ("{css: h1, filter: count, contains: 5}", "contains cannot test a number"),
        ("{duration: {contains: 5}}", "contains cannot test a duration"),
        ("{css: h1, exists: 1}", "expected true or false, got the number 1"),
        ("{css: h1, is_type: string}", "expected one of text, number, integer, boolean, list, object, null"),
        ("{css: h1, in: a}", 'expected a list, got "a"'),
        ("{status: {in: [200, x]}}", 'expected a number, got "x"'),
        ("{css: h1, matches: '('}", "not a regular expression: missing ): ("),
        ("{regex: '(', exists: true}", "not a regular expression: missing ): ("),
        ("{css: 'a[', exists: true}", 'not a CSS selector: "a["'),
        ("{jsonpath: a, exists: true}", "not a JSONPath: expected '$', found 'a'"),
        ("{phase: dns, exists: true}", "not a phase: dns"),
        ("{header: '', exists: true}", "expected a name, got an empty text"),
        ("{css: h1, filter: nope, exists: true}", "in these filters: there is no filter nope"),
        ("{css: h1, filter: , exists: true}", "expected filters, got nothing"),
        ("{header: a, attribute: b, exists: true}", "attribute goes with css, not with header"),
        ("{css: a, attribute: , exists: true}", "expected an attribute's name, got nothing"),
        ("{css: a, exists: true, soft: no}", 'expected true or false, got "no"'),
    ],
)
def test_a_check_that_could_never_be_right_is_refused(text: str, told: str) -> None:
    mistakes = wrong_step(f"  check: [{text}]\n")
    assert len(mistakes) == 1
    assert told.replace("h1 has", "the check css has") in mistakes[0]


@pytest.mark.parametrize(
    "text",
    ['{css: "a[${shop}", exists: true}', '{regex: "(${shop}", exists: true}', '{phase: "${shop}", exists: true}'],
)
def test_an_argument_with_a_template_is_looked_at_when_it_is_rendered(text: str) -> None:
    assert wrong_step(f"  check: [{text}]\n") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a]", "expected a mapping of names to queries, got a list"),
        ("{a-b: {css: p}}", 'expected a name of letters, digits and _, got "a-b"'),
        ("{a: $.id}", 'expected a mapping with a query, such as {jsonpath: $.order.id}, got "$.id"'),
        ("{a: {css: p, equals: 1}}", "unknown key equals in a capture"),
        ("{a: {status: 200}}", "expected nothing after status in a capture, got the number 200"),
        ("{a: {css: p, soft: true}}", "unknown key soft in a capture"),
        ("{a: {css: p, body: }}", "expected one query, got css and body"),
    ],
)
def test_a_capture_that_could_never_be_right_is_refused(text: str, told: str) -> None:
    mistakes = wrong_step(f"  capture: {text}\n")
    assert len(mistakes) == 1
    assert mistakes[0].endswith(f": {told}")
