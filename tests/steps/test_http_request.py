from typing import Any

import pytest
from msgspec.structs import replace

from probe.demo.shop import Shop
from probe.model.result import Cause, Failure
from probe.model.template import Text
from probe.steps import http
from probe.steps.http_action import METHODS, Action, Follow, Json
from probe.wire.client import Client
from tests.steps.asking import OPTIONS, PLACE, Redirecting, Serve, attempt, echoed, failure, text

REDIRECTS = (301, 302, 303, 307, 308)


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_is_sent(shop: Shop, session: Client, method: str) -> None:
    performance = attempt()
    keys: dict[str, Any] = {method: text(f"{shop.url}/echo")}
    seen = await http.perform(Action(**keys), session, performance)
    assert seen.response
    assert (seen.response.status, performance.exchanges[0].method) == (200, method.upper())


async def test_any_other_method_is_sent_in_capitals(shop: Shop, session: Client) -> None:
    sent = await echoed(Action(method=text("propfind"), url=text(f"{shop.url}/echo")), session)
    assert sent["method"] == "PROPFIND"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", [["a", "1 &"], ["b", "x"], ["b", "y"]]), ("?c=0", [["c", "0"], ["a", "1 &"], ["b", "x"], ["b", "y"]])],
)
async def test_parameters_are_added_to_the_url(
    shop: Shop, session: Client, query: str, expected: list[list[str]]
) -> None:
    params = {"a": (text("1 &"),), "b": (text("x"), text("y"))}
    sent = await echoed(Action(get=text(f"{shop.url}/echo{query}#top"), params=params), session)
    assert sent["query"] == expected


async def test_headers_are_sent_beside_our_own(shop: Shop, session: Client) -> None:
    sent = await echoed(Action(get=text(f"{shop.url}/echo"), headers={"X-Trace": text("1")}), session)
    assert (sent["headers"]["x-trace"], sent["headers"]["user-agent"]) == ("1", "probe/test")


BODIES = {
    "form": ({"form": {"a": (text("ü"), text("2"))}}, "a=%C3%BC&a=2", "application/x-www-form-urlencoded"),
    "json": ({"json": Json({"a": (1, text("ü"))})}, '{"a": [1, "ü"]}', "application/json"),
    "null": ({"json": Json(None)}, "null", "application/json"),
    "body": ({"body": text("ü")}, "ü", "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("given", "body", "content_type"), BODIES.values(), ids=list(BODIES))
async def test_a_body_is_sent_with_its_type(
    shop: Shop, session: Client, given: dict[str, Any], body: str, content_type: str
) -> None:
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), **given), session)
    assert (sent["body"], sent["headers"]["content-type"]) == (body, content_type)


async def test_a_content_type_of_ones_own_is_kept(shop: Shop, session: Client) -> None:
    headers = {"content-type": text("application/xml")}
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), body=text("<a/>"), headers=headers), session)
    assert sent["headers"]["content-type"] == "application/xml"


@pytest.mark.parametrize(("headers", "key"), [({}, "k1"), ({"idempotency-KEY": text("mine")}, "mine")])
async def test_a_write_carries_its_key(shop: Shop, session: Client, headers: dict[str, Text], key: str) -> None:
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), headers=headers), session, write_key="k1")
    assert sent["headers"]["idempotency-key"] == key


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
async def test_a_redirect_changes_the_method_as_the_rfc_says(
    serve: Serve, session: Client, status: int, method: str
) -> None:
    target = Redirecting(status)
    url = text(f"{await serve(target.talk)}/from")
    await http.perform(Action(method=text(method), url=url, body=text("x"), follow=Follow(1)), session, attempt())
    changes = status == 303 or (status in (301, 302) and method == "POST")
    read = "HEAD" if method == "HEAD" else "GET"
    assert target.asked == [(method, "/from", b"x"), (read, "/to", b"") if changes else (method, "/to", b"x")]


@pytest.mark.parametrize("status", REDIRECTS)
async def test_a_write_is_never_sent_again_to_where_it_was_redirected(
    serve: Serve, session: Client, status: int
) -> None:
    target = Redirecting(status)
    action = Action(post=text(f"{await serve(target.talk)}/from"), body=text("x"), follow=Follow(5))
    seen = await http.perform(action, session, attempt(write_key="key"))
    assert seen.response
    follows = status in (301, 302, 303)
    assert target.asked[1:] == ([("GET", "/to", b"")] if follows else [])
    assert seen.response.status == (200 if follows else status)


@pytest.mark.parametrize("write_key", ["", "key"])
async def test_credentials_stay_with_their_origin(serve: Serve, session: Client, write_key: str) -> None:
    other = Redirecting(302)
    target = Redirecting(302, f"{await serve(other.talk)}/to")
    headers = {"Authorization": text("Bearer t"), "Cookie": text("a=1"), "X-Kept": text("1")}
    action = Action(post=text(f"{await serve(target.talk)}/from"), headers=headers, follow=Follow(1))
    await http.perform(action, session, attempt(write_key=write_key))
    told = [[name in head for name in (b"Bearer t", b"a=1", b"X-Kept")] for head in (*target.heads, *other.heads)]
    assert told == [[True, True, True], [False, False, True]]


@pytest.mark.parametrize("url", ["http://shop.invalid/pay", "http://10.0.0.1/", "http://127.0.0.1.invalid/"])
async def test_a_write_beyond_this_machine_is_refused_before_anything_happens(session: Client, url: str) -> None:
    performance = attempt(write_key="key")
    found = await failure(Action(post=text(url)), session, performance)
    host = url.split("/")[2]
    message = f"a step with effect: write was not sent to {host}: writes are not allowed there"
    assert found == Failure(Cause.SCRIPT, message, PLACE, hint="allow them with --allow-writes")
    assert (performance.exchanges, performance.sent) == ([], False)


async def test_a_write_beyond_this_machine_that_is_in_no_journal_is_refused(session: Client) -> None:
    performance = attempt(replace(OPTIONS, writes_allowed=True), write_key="key")
    found = await failure(Action(post=text("http://shop.invalid/pay")), session, performance)
    message = "a step with effect: write was not sent to shop.invalid: there is no journal of effects to enter it into"
    assert found == Failure(Cause.SCRIPT, message, PLACE, hint="give it a state folder")
    assert (performance.exchanges, performance.sent) == ([], False)


async def test_a_write_may_leave_this_machine_when_that_is_allowed(session: Client) -> None:
    performance = attempt(replace(OPTIONS, writes_allowed=True, journalled=True), write_key="key")
    found = await failure(Action(post=text("http://shop.invalid/pay")), session, performance)
    assert (found.cause, performance.sent, len(performance.exchanges)) == (Cause.RESOLVE, False, 1)


BOUND = replace(OPTIONS, secret_hosts={"card": ("4242424242424242", ("shop.invalid",))})


CARD = "4242424242424242"


LEAKS: dict[str, dict[str, Any]] = {
    "url": {"params": {"card": (text(CARD),)}},
    "header": {"headers": {"X-Card": text(CARD)}},
    "json": {"json": Json({"card": text(CARD)})},
    "base64": {"body": text("NDI0MjQyNDI0MjQyNDI0Mg==")},
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=list(LEAKS))
async def test_a_secret_does_not_go_to_another_host(shop: Shop, session: Client, leak: dict[str, Any]) -> None:
    performance = attempt(BOUND)
    found = await failure(Action(post=text(f"{shop.url}/echo"), **leak), session, performance)
    message = "the secret card was not sent: it is bound to shop.invalid, and this is another host"
    assert (found, performance.exchanges, shop.state["requests"]) == (Failure(Cause.SCRIPT, message, PLACE), [], 0)


async def test_a_redirect_does_not_carry_a_secret_to_another_host(serve: Serve, session: Client) -> None:
    target = Redirecting(307, "http://shop.invalid/to")
    bound = replace(OPTIONS, secret_hosts={"card": (CARD, ("127.0.0.1",))})
    performance = attempt(bound)
    action = Action(post=text(f"{await serve(target.talk)}/from"), body=text(CARD), follow=Follow(1))
    found = await failure(action, session, performance)
    message = "the secret card was not sent: it is bound to 127.0.0.1, and this is another host"
    assert (found, len(performance.exchanges)) == (Failure(Cause.SCRIPT, message, PLACE), 1)


@pytest.mark.parametrize(("name", "value"), [("X-A", "1\r\nX-B: 2"), ("X-A", "\0"), ("X A", "1"), ("X-Ä", "1")])
async def test_a_header_cannot_smuggle_another(session: Client, name: str, value: str) -> None:
    action = Action(get=text("http://127.0.0.1:1/"), headers={name: text(value)})
    found = await failure(action, session, attempt())
    assert found == Failure(Cause.SCRIPT, f"the header {name!r} has a character in it that no header can have", PLACE)


@pytest.mark.parametrize("method", ["", "GET /\r\n", "G T", "GÉT"])
async def test_a_method_that_is_none_is_not_sent(session: Client, method: str) -> None:
    performance = attempt()
    performance.scope.set("method", method)
    found = await failure(Action(method=text("${method}"), url=text("http://127.0.0.1:1/")), session, performance)
    assert (found.cause, performance.exchanges) == (Cause.SCRIPT, [])
