from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from probe.demo.shop import Shop
from probe.model.file import File
from probe.model.result import Cause, Failure
from probe.model.template import Texts
from probe.safety.marker import HEADER, Marker
from probe.steps import http
from probe.steps.http_action import METHODS, Action, Follow, Json
from probe.steps.http_multipart import Part
from probe.wire.client import Client
from tests.steps.asking import OPTIONS, PLACE, Redirecting, Serve, attempt, echoed, failure, text
from tests.wire.recording import Recording

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
    sent = await echoed(Action(get=text(f"{shop.url}/echo"), headers={"X-Trace": (text("1"),)}), session)
    assert (sent["headers"]["x-trace"], sent["headers"]["user-agent"]) == ("1", "probe/test")


async def test_a_list_repeats_a_header(serve: Serve, session: Client) -> None:
    server = Recording()
    headers = {"X-Two": (text("a"), text("b")), "X-One": (text("c"),)}
    await http.perform(Action(get=text(await serve(server.talk)), headers=headers), session, attempt())
    assert [each for each in server.headers if each[0].startswith("X-")] == [
        ("X-Two", "a"),
        ("X-Two", "b"),
        ("X-One", "c"),
    ]


async def test_exact_headers_are_all_that_is_sent_with_a_body_and_a_write(serve: Serve, session: Client) -> None:
    server = Recording()
    headers = {"accept": (text("*/*"),), "HOST": (text("shop"),)}
    action = Action(post=text(await serve(server.talk)), headers=headers, headers_exact=True, json=Json(1))
    await http.perform(action, session, attempt(write_key="key"))
    assert server.headers == [("accept", "*/*"), ("HOST", "shop"), ("Content-Length", "1")]


@pytest.mark.parametrize("exact", [False, True])
async def test_the_marks_of_a_probe_stay_off_exact_headers(serve: Serve, session: Client, exact: bool) -> None:
    server = Recording()
    marker = Marker(UUID(int=7), ["127.0.0.1"], "a key")
    action = Action(get=text(await serve(server.talk)), headers_exact=exact)
    await http.perform(action, session, attempt(replace(OPTIONS, marker=marker)))
    assert ("traceparent" in server.names, HEADER in server.names) == (not exact, not exact)


@pytest.mark.parametrize("exact", [False, True])
async def test_a_body_said_to_be_in_chunks_is(serve: Serve, session: Client, exact: bool) -> None:
    server = Recording()
    headers = {"transfer-encoding": (text("chunked"),)}
    action = Action(put=text(await serve(server.talk)), headers=headers, headers_exact=exact, body=text("card"))
    await http.perform(action, session, attempt())
    framing = [name.lower() for name in server.names if name.lower() in ("transfer-encoding", "content-length")]
    assert (server.bodies, framing) == ([b"card"], ["transfer-encoding"])


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "M-SEARCH", "VERSION-CONTROL", "WHAT!"])
async def test_any_method_can_have_a_body(serve: Serve, session: Client, method: str) -> None:
    server = Recording()
    action = Action(method=text(method), url=text(await serve(server.talk)), body=text("card"))
    await http.perform(action, session, attempt())
    assert (server.heads[0].split()[0], server.bodies) == (method, [b"card"])


async def test_a_content_type_of_ones_own_is_kept(shop: Shop, session: Client) -> None:
    headers = {"content-type": (text("application/xml"),)}
    sent = await echoed(Action(post=text(f"{shop.url}/echo"), body=text("<a/>"), headers=headers), session)
    assert sent["headers"]["content-type"] == "application/xml"


@pytest.mark.parametrize(("headers", "key"), [({}, "k1"), ({"idempotency-KEY": (text("mine"),)}, "mine")])
async def test_a_write_carries_its_key(shop: Shop, session: Client, headers: dict[str, Texts], key: str) -> None:
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
    headers = {"Authorization": (text("Bearer t"),), "Cookie": (text("a=1"),), "X-Kept": (text("1"),)}
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
    "header": {"headers": {"X-Card": (text(CARD),)}},
    "json": {"json": Json({"card": text(CARD)})},
    "base64": {"body": text("NDI0MjQyNDI0MjQyNDI0Mg==")},
}


@pytest.mark.parametrize("kind", ["file", "multipart"])
async def test_a_secret_in_a_file_does_not_go_to_another_host(
    shop: Shop, session: Client, tmp_path: Path, kind: str
) -> None:
    place = replace(PLACE, file=str(tmp_path / "journey.yaml"))
    (tmp_path / "sent").write_bytes(b"x" * (64 * 1024 - 8) + f"{CARD}xx".encode())
    file = File("sent", place)
    kinds: dict[str, dict[str, Any]] = {"file": {"file": file}, "multipart": {"multipart": {"f": (Part(file=file),)}}}
    performance = attempt(BOUND)
    found = await failure(Action(post=text(f"{shop.url}/echo"), **kinds[kind]), session, performance)
    message = "the secret card was not sent: it is bound to shop.invalid, and this is another host"
    assert (found, performance.exchanges, shop.state["requests"]) == (Failure(Cause.SCRIPT, message, PLACE), [], 0)


async def test_a_file_is_not_looked_through_when_no_secret_is_bound_elsewhere(
    shop: Shop, session: Client, tmp_path: Path
) -> None:
    place = replace(PLACE, file=str(tmp_path / "journey.yaml"))
    (tmp_path / "sent").write_text(CARD)
    bound = replace(OPTIONS, secret_hosts={"card": (CARD, ("127.0.0.1",))})
    action = Action(post=text(f"{shop.url}/echo"), file=File("sent", place))
    seen = await http.perform(action, session, attempt(bound))
    assert seen.response
    assert CARD in seen.response.text


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
    action = Action(get=text("http://127.0.0.1:1/"), headers={name: (text(value),)})
    found = await failure(action, session, attempt())
    assert found == Failure(Cause.SCRIPT, f"the header {name!r} has a character in it that no header can have", PLACE)


@pytest.mark.parametrize("method", ["", "GET /\r\n", "G T", "GÉT"])
async def test_a_method_that_is_none_is_not_sent(session: Client, method: str) -> None:
    performance = attempt()
    performance.scope.set("method", method)
    found = await failure(Action(method=text("${method}"), url=text("http://127.0.0.1:1/")), session, performance)
    assert (found.cause, performance.exchanges) == (Cause.SCRIPT, [])
