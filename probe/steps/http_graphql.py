"""A GraphQL query over HTTP (graphql.github.io/graphql-over-http): what is sent, and what is wrong with the answer."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from probe.evaluate.value import read_json, show
from probe.model.observation import Response
from probe.model.place import Place
from probe.model.result import Cause, Failure
from probe.model.template import Text, Value
from probe.steps.base import Performance

ACCEPT = "application/graphql-response+json, application/json;q=0.9"
"""Servers may answer 4xx for a query that is wrong only to those who understand the former (§6.4)."""


class Graphql(Struct, frozen=True):
    query: Annotated[Text, Meta(description="The document; its own `$name` is no template, `${name}` is one.")]
    variables: Annotated[
        Mapping[str, Value], Meta(description="Values of its variables; `${name}` keeps its type.")
    ] = {}
    operation: Annotated[Text | None, Meta(description="Which of the document's operations to perform.")] = None


def encode_graphql(graphql: Graphql, performance: Performance) -> bytes:
    sent: dict[str, Any] = {"query": performance.text(graphql.query)}
    if graphql.variables:
        sent["variables"] = performance.value(dict(graphql.variables))
    if graphql.operation is not None:
        sent["operationName"] = performance.text(graphql.operation)
    return json.dumps(sent, ensure_ascii=False).encode()


def graphql_failure(response: Response, place: Place) -> Failure | None:
    """What a 2xx answer says went wrong, with data or without; other statuses speak for themselves."""
    if not 200 <= response.status < 300:
        return None
    try:
        answer = read_json(response.text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        message = f"graphql: expected an object with data or errors, got {show(response.text)}"
        return Failure(Cause.CHECK, message, place, "a GraphQL answer", show(response.text))
    errors = answer.get("errors")
    if not errors:
        return None
    said = _said(errors[0]) if isinstance(errors, list) else show(errors)
    more = f" (and {len(errors) - 1} more)" if isinstance(errors, list) and len(errors) > 1 else ""
    hint = "the answer has data too, which is not whole" if answer.get("data") is not None else ""
    return Failure(Cause.CHECK, f"graphql: {said}{more}", place, "no errors", show(errors), hint)


def _said(error: Any) -> str:
    """`No such product, at product.reviews.0`."""
    if not isinstance(error, dict):
        return show(error)
    message, path = error.get("message"), error.get("path")
    at = f", at {'.'.join(map(str, path))}" if isinstance(path, list) and path else ""
    return f"{message if isinstance(message, str) else show(error)}{at}"
