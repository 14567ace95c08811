from typing import Any

import pytest

from probe.steps.base import ActionError
from probe.steps.http_action import Action, Json
from tests.steps.asking import text

URL = text("http://shop/")


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "nothing": ({}, "the request has no URL", None),
    "two": ({"get": URL, "post": URL}, "expected one request, got get and post", "post"),
    "no url": ({"method": text("LOCK")}, "method and url go together", "method"),
    "no method": ({"url": URL}, "method and url go together", "url"),
    "three": ({"get": URL, "method": URL, "url": URL}, "expected one request, got get and method", "method"),
    "bodies": ({"post": URL, "form": {}, "json": Json(1)}, "expected one body, got form and json", "json"),
    "chunks": ({"post": URL, "chunked": True}, "chunked: there is no body to send in chunks", "chunked"),
    "twice": (
        {"get": URL, "headers": {"A": (text("1"),), "a": (text("2"),)}},
        "a header is written twice, in capitals and not",
        "headers",
    ),
    "path": ({"get": text("/cart")}, "not a URL a request can go to: /cart", "get"),
    "label": ({"get": text("http://a..b/")}, "not a URL a request can go to: http://a..b/", "get"),
}


@pytest.mark.parametrize(("keys", "message", "key"), CONTRADICTIONS.values(), ids=list(CONTRADICTIONS))
def test_keys_that_contradict_each_other_are_refused(keys: dict[str, Any], message: str, key: str | None) -> None:
    with pytest.raises(ActionError) as raised:
        Action(**keys)
    assert (str(raised.value), raised.value.key) == (message, key)
