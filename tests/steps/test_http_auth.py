import asyncio

import pytest
from msgspec.structs import replace

from probe.demo.shop import Shop
from probe.model.observation import Observation
from probe.model.result import Cause, Failure, Role
from probe.steps import http
from probe.steps.auth import Auth, Login
from probe.steps.base import Performance
from probe.steps.http_action import Action, Follow
from probe.wire.client import Client
from tests.steps.asking import OPTIONS, PLACE, Redirecting, Serve, attempt, echoed, failure, text
from tests.steps.digesting import DigestServer

DIGEST = Auth(digest=Login(text("ali"), text("open sesame")))
WRONG = Auth(digest=Login(text("ali"), text("open barley")))


def spent(seen: Observation, performance: Performance) -> None:
    assert sum(seen.phases.values()) == seen.duration_ns
    assert min(seen.phases.values()) >= 0
    for exchange in performance.exchanges:
        assert sum(exchange.phases.values()) == exchange.duration_ns


async def test_user_and_password_are_sent_with_the_first_request(shop: Shop, session: Client) -> None:
    action = Action(get=text(f"{shop.url}/echo"), auth=Auth(basic=Login(text("Aladdin"), text("open sesame"))))
    assert (await echoed(action, session))["headers"]["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


async def test_a_token_is_sent_with_the_first_request(shop: Shop, session: Client) -> None:
    action = Action(get=text(f"{shop.url}/echo"), auth=Auth(bearer=text("mF_9.B5f-4.1JqM")))
    assert (await echoed(action, session))["headers"]["authorization"] == "Bearer mF_9.B5f-4.1JqM"


@pytest.mark.parametrize(
    ("auth", "message"),
    [
        (Auth(bearer=text("${bad}")), "the bearer token is empty or has a character in it that no header can have"),
        (Auth(basic=Login(text("${bad}"), text("x"))), "the user has a character in it that no name can have"),
        (Auth(basic=Login(text("a:b"), text("x"))), "no user of basic authentication has a colon in its name"),
        (Auth(digest=Login(text("${bad}"), text("x"))), "the user has a character in it that no name can have"),
    ],
)
async def test_what_no_header_can_have_is_not_sent(session: Client, auth: Auth, message: str) -> None:
    performance = attempt()
    performance.scope.set("bad", "a\r\nX-Evil: 1")
    found = await failure(Action(get=text("http://127.0.0.1:1/"), auth=auth), session, performance)
    assert found == Failure(Cause.SCRIPT, message, PLACE)


@pytest.mark.parametrize(
    ("auth", "secret"),
    [
        (Auth(basic=Login(text("ali"), text("open sesame"))), ("password", "open sesame")),
        (Auth(bearer=text("open-sesame")), ("bearer", "open-sesame")),
        (DIGEST, ("password", "open sesame")),
    ],
)
async def test_credentials_are_redacted(shop: Shop, session: Client, auth: Auth, secret: tuple[str, str]) -> None:
    performance, kept = attempt(), []
    performance.scope.derived = lambda name, value: kept.append((name, value))
    await http.perform(Action(get=text(shop.url), auth=auth), session, performance)
    assert kept == [secret]


@pytest.mark.parametrize(
    "auth",
    [
        Auth(basic=Login(text("ali"), text("${pw}"))),
        Auth(bearer=text("${pw}")),
        Auth(digest=Login(text("a"), text("${pw}"))),
    ],
)
async def test_credentials_go_to_no_host_they_are_not_bound_to(session: Client, auth: Auth) -> None:
    performance = attempt(replace(OPTIONS, secret_hosts={"pw": ("open-sesame", ("shop.test",))}))
    performance.scope.set("pw", "open-sesame", secret=True)
    found = await failure(Action(get=text("http://127.0.0.1:1/"), auth=auth), session, performance)
    message = "the secret pw was not sent: it is bound to shop.test, and this is another host"
    assert found == Failure(Cause.SCRIPT, message, PLACE)
    assert performance.exchanges == []


async def test_credentials_follow_to_the_same_origin_and_to_no_other(serve: Serve, session: Client) -> None:
    other = Redirecting(302)
    for location in ("/to", f"{await serve(other.talk)}/to"):
        server = Redirecting(302, location)
        action = Action(get=text(f"{await serve(server.talk)}/from"), auth=Auth(bearer=text("tok")), follow=Follow(1))
        await http.perform(action, session, attempt())
        heads = [*server.heads, *other.heads]
        assert [b"Authorization: Bearer tok" in head for head in heads] == [True, location == "/to"]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "MD5-sess", "SHA-256-sess"])
async def test_a_challenge_is_answered_and_remembered_for_the_run(
    serve: Serve, session: Client, algorithm: str
) -> None:
    server = DigestServer(algorithm)
    url, roles = await serve(server.talk), []
    for _ in range(3):
        performance = attempt()
        seen = await http.perform(Action(get=text(f"{url}/a?b=%20c"), auth=DIGEST), session, performance)
        assert seen.response
        assert seen.response.status == 200
        spent(seen, performance)
        roles += [exchange.role for exchange in performance.exchanges]
        assert seen.started_ns == performance.exchanges[0].started_ns
    assert roles == [Role.CHALLENGE, Role.REQUEST, Role.REQUEST, Role.REQUEST]
    assert [status for _, _, status in server.seen] == [401, 200, 200, 200]


async def test_a_stale_nonce_is_replaced_once_and_again(serve: Serve, session: Client) -> None:
    server = DigestServer(lasts=1)
    url, statuses = await serve(server.talk), []
    for _ in range(2):
        seen = await http.perform(Action(get=text(url), auth=DIGEST), session, attempt())
        assert seen.response
        statuses.append(seen.response.status)
    assert statuses == [200, 200]
    assert [status for _, _, status in server.seen] == [401, 200, 401, 200]


async def test_nonces_that_are_always_stale_end(serve: Serve, session: Client) -> None:
    server = DigestServer(lasts=0)
    seen = await http.perform(Action(get=text(await serve(server.talk)), auth=DIGEST), session, attempt())
    assert seen.response
    assert seen.response.status == 401
    assert [status for _, _, status in server.seen] == [401, 401, 401]


async def test_a_wrong_password_is_tried_once_and_the_answer_is_401(serve: Serve, session: Client) -> None:
    server, performance = DigestServer(), attempt()
    seen = await http.perform(Action(get=text(await serve(server.talk)), auth=WRONG), session, performance)
    assert seen.response
    assert (seen.response.status, [each.role for each in performance.exchanges]) == (
        401,
        [Role.CHALLENGE, Role.REQUEST],
    )


async def test_a_write_is_sent_once_with_the_answer_to_a_challenge_that_a_read_asked_for(
    serve: Serve, session: Client
) -> None:
    server, performance = DigestServer(), attempt(write_key="key")
    url = await serve(server.talk)
    seen = await http.perform(Action(post=text(url), body=text("pay"), auth=DIGEST), session, performance)
    assert seen.response
    assert server.seen == [("GET", b"", 401), ("POST", b"pay", 200)]
    roles = [each.role for each in performance.exchanges]
    assert (performance.sent, roles) == (True, [Role.CHALLENGE, Role.REQUEST])
    spent(seen, performance)


async def test_a_write_that_is_refused_is_not_sent_again(serve: Serve, session: Client) -> None:
    server, performance = DigestServer(lasts=0), attempt(write_key="key")
    action = Action(post=text(await serve(server.talk)), body=text("pay"), auth=DIGEST)
    seen = await http.perform(action, session, performance)
    assert seen.response
    assert (seen.response.status, [method for method, _, _ in server.seen]) == (401, ["GET", "POST"])


async def test_a_write_without_an_answer_is_never_sent_again(serve: Serve, session: Client) -> None:
    server, performance = DigestServer(), attempt(write_key="key")
    server.dies_at = 2
    action = Action(post=text(await serve(server.talk)), body=text("pay"), auth=DIGEST)
    found = await failure(action, session, performance)
    assert (found.cause, performance.sent, len(server.seen)) == (Cause.PROTOCOL, True, 2)


async def test_a_write_for_which_no_challenge_comes_is_not_sent(shop: Shop, session: Client) -> None:
    performance = attempt(write_key="key")
    action = Action(post=text(f"{shop.url}/echo"), body=text("pay"), auth=DIGEST)
    found = await failure(action, session, performance)
    assert found.message == "a GET of the URL was answered 200 and asked for no digest"
    assert (found.cause, performance.sent, shop.state["requests"]) == (Cause.SCRIPT, False, 1)


async def test_a_digest_nobody_can_answer_is_told(serve: Serve, session: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 401 X\r\nWWW-Authenticate: Digest nonce="n", qop=auth-int\r\nContent-Length: 0\r\n\r\n')

    found = await failure(Action(get=text(await serve(talk)), auth=DIGEST), session, attempt())
    message = "the target asks for digest authentication the probe does not know: qop auth-int"
    assert found == Failure(Cause.SCRIPT, message, PLACE, hint="MD5 and SHA-256 with qop auth are known")


async def test_a_401_without_a_challenge_is_the_answer(serve: Serve, session: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")

    seen = await http.perform(Action(get=text(await serve(talk)), auth=DIGEST), session, attempt())
    assert seen.response
    assert seen.response.status == 401
