from json import dumps, loads
from typing import Any

import pytest

from probe.model.observation import Response
from probe.model.result import Cause, Failure
from probe.model.template import Value
from probe.steps.http_graphql import Graphql, encode_graphql, graphql_failure
from tests.steps.asking import PLACE, attempt, text


def test_templates_are_rendered_and_what_is_graphqls_own_stays() -> None:
    performance = attempt()
    performance.scope.set("n", 3)
    performance.scope.set("field", "price")
    query = "query Q($sku: ID!, $first: Int) { product(sku: $sku) { ${field} reviews(first: $first) { text } } }"
    variables: dict[str, Value] = {
        "first": text("${n}"),
        "sku": text("no-${n}"),
        "filter": {"tags": (text("${n}"), None, True)},
    }
    sent = loads(encode_graphql(Graphql(text(query), variables, text("Q")), performance))
    assert sent == {
        "query": query.replace("${field}", "price"),
        "variables": {"first": 3, "sku": "no-3", "filter": {"tags": [3, None, True]}},
        "operationName": "Q",
    }


def test_what_is_not_said_is_not_sent() -> None:
    assert loads(encode_graphql(Graphql(text("{shop}")), attempt())) == {"query": "{shop}"}


def found(body: Any, status: int = 200) -> Failure | None:
    raw = body if isinstance(body, str) else dumps(body)
    return graphql_failure(Response("http://shop/", status, (), raw.encode(), "utf-8", 0, {}), PLACE)


@pytest.mark.parametrize("answer", [{"data": {"shop": 1}}, {"data": None}, {"data": {}, "errors": []}])
def test_an_answer_without_errors_is_a_good_one(answer: Any) -> None:
    assert found(answer) is None


ERROR = {"message": "No such product", "path": ["product", "reviews", 0], "locations": []}


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        ({"errors": [ERROR]}, "No such product, at product.reviews.0", ""),
        ({"data": None, "errors": [ERROR, {}]}, "No such product, at product.reviews.0 (and 1 more)", ""),
        (
            {"data": {"product": None}, "errors": [{"message": "Late"}]},
            "Late",
            "the answer has data too, which is not whole",
        ),
        ({"errors": ["odd"]}, '"odd"', ""),
        ({"errors": [{"path": "x"}]}, '{"path": "x"}', ""),
        ({"errors": "odd"}, '"odd"', ""),
    ],
)
def test_errors_in_an_answer_are_a_failure_with_data_or_without(
    answer: dict[str, Any], message: str, hint: str
) -> None:
    expected = Failure(Cause.CHECK, f"graphql: {message}", PLACE, "no errors", dumps(answer["errors"]), hint)
    assert found(answer) == expected


@pytest.mark.parametrize("answer", ["<html>", "[]", "{}", "null", ""])
def test_what_is_no_graphql_answer_is_said(answer: str) -> None:
    message = f"graphql: expected an object with data or errors, got {dumps(answer)}"
    assert found(answer) == Failure(Cause.CHECK, message, PLACE, "a GraphQL answer", dumps(answer))


def test_another_status_speaks_for_itself() -> None:
    assert found({"errors": [ERROR]}, status=500) is None
