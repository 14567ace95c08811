"""Over the whole http kind, against a server that grants tokens."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from probe.model.observation import Observation
from probe.model.result import Cause, Failure, Role, timed
from probe.model.timing import Phase
from probe.steps import http
from probe.steps.auth import Auth, OAuth2
from probe.steps.base import Options, Performance
from probe.steps.http_action import Action
from probe.steps.oauth2 import client_of, token_request
from probe.steps.tokens import Tokens
from probe.wire.client import Client
from tests.steps.asking import OPTIONS, PLACE, Serve, attempt, failure, text
from tests.steps.granting import TokenServer

DELAY_S = 0.3


def keys(url: str, **more: str) -> OAuth2:
    return OAuth2(
        text(f"{url}/token"),
        text("shop probe"),
        text("s3cret & more"),
        **{name: text(value) for name, value in more.items()},
    )


def action(url: str, method: str = "get", **more: str) -> Action:
    given: dict[str, Any] = {method: text(f"{url}/page")}
    return Action(**given, auth=Auth(oauth2=keys(url, **more)))


def options(tokens: Tokens | None = None) -> Options:
    return replace(OPTIONS, tokens=tokens or Tokens(), secret_hosts={})


def spent(seen: Observation, performance: Performance) -> None:
    assert sum(seen.phases.values()) == seen.duration_ns
    assert min(seen.phases.values()) >= 0
    for exchange in performance.exchanges:
        assert sum(exchange.phases.values()) == exchange.duration_ns


async def visit(url: str, session: Client, performance: Performance, **more: str) -> tuple[int, list[Role]]:
    seen = await http.perform(action(url, **more), session, performance)
    assert seen.response
    spent(seen, performance)
    return seen.response.status, [each.role for each in performance.exchanges]


async def test_a_token_is_fetched_once_and_used_by_all_runs(serve: Serve) -> None:
    server, tokens = TokenServer(), Tokens()
    url, seen = await serve(server.talk), []
    for _ in range(3):
        async with http.open_session(OPTIONS) as session:
            seen.append(await visit(url, session, attempt(options(tokens))))
    assert seen == [(200, [Role.TOKEN, Role.REQUEST]), (200, [Role.REQUEST]), (200, [Role.REQUEST])]
    assert (server.asked, server.shown) == ([{"grant_type": "client_credentials"}], ["token-1"] * 3)


async def test_runs_side_by_side_share_one_fetch(serve: Serve, session: Client) -> None:
    server, given = TokenServer(), options()
    server.think_s = 0.1
    url = await serve(server.talk)
    async with asyncio.TaskGroup() as tasks:
        visits = [tasks.create_task(visit(url, session, attempt(given))) for _ in range(5)]
    assert sorted(len(each.result()[1]) for each in visits) == [1, 1, 1, 1, 2]
    assert len(server.asked) == 1


async def test_fetching_is_in_no_duration_and_no_phase_of_the_step(serve: Serve, session: Client) -> None:
    server, performance = TokenServer(), attempt(options())
    server.think_s = DELAY_S
    seen = await http.perform(action(await serve(server.talk)), session, performance)
    token, page = performance.exchanges
    assert token.phases[Phase.PROCESSING] >= 0.9e9 * DELAY_S
    assert (seen.started_ns, seen.duration_ns < 0.5e9 * DELAY_S) == (page.started_ns, True)
    assert list(timed(performance.exchanges)) == [page]
    spent(seen, performance)


async def test_what_the_journey_says_is_asked_for(serve: Serve, session: Client) -> None:
    server = TokenServer()
    url = await serve(server.talk)
    await visit(url, session, attempt(options()), scope="read write", audience="shop")
    await visit(url, session, attempt(options()), refresh_token="fresh & new")
    assert server.asked == [
        {"grant_type": "client_credentials", "scope": "read write", "audience": "shop"},
        {"grant_type": "refresh_token", "refresh_token": "fresh & new"},
    ]


async def test_a_refresh_token_that_is_replaced_is_replaced(serve: Serve, session: Client) -> None:
    server, given = TokenServer(refresh_token="second", expires_in=0), options()
    url = await serve(server.talk)
    for _ in range(2):
        await visit(url, session, attempt(given), refresh_token="first one")
    assert [each["refresh_token"] for each in server.asked] == ["first one", "second"]


async def test_a_read_whose_token_was_refused_fetches_another_once(serve: Serve, session: Client) -> None:
    server, given = TokenServer(), options()
    url = await serve(server.talk)
    await visit(url, session, attempt(given))
    server.good.clear()
    performance = attempt(given)
    seen = await http.perform(action(url), session, performance)
    assert [each.role for each in performance.exchanges] == [Role.CHALLENGE, Role.TOKEN, Role.REQUEST]
    assert (server.shown, seen.response and seen.response.status) == (["token-1", "token-1", "token-2"], 200)
    assert seen.started_ns == performance.exchanges[-1].started_ns
    spent(seen, performance)


async def test_a_new_token_that_is_refused_is_not_replaced(serve: Serve, session: Client) -> None:
    server, given = TokenServer(access_token="unknown-to-the-page"), options()
    url = await serve(server.talk)
    seen = [await visit(url, session, attempt(given)) for _ in range(2)]
    assert seen == [(401, [Role.TOKEN, Role.REQUEST])] * 2


async def test_a_write_whose_token_was_refused_is_not_sent_again_and_the_next_one_has_another(
    serve: Serve, session: Client
) -> None:
    server, given = TokenServer(), options()
    url, seen = await serve(server.talk), []
    await visit(url, session, attempt(given))
    server.good.clear()
    for _ in range(2):
        performance = attempt(given, write_key="key")
        await http.perform(action(url, "post"), session, performance)
        seen.append([(each.role, each.status) for each in performance.exchanges])
    assert seen == [[(Role.REQUEST, 401)], [(Role.TOKEN, 200), (Role.REQUEST, 200)]]


async def test_a_write_without_a_token_was_not_sent(serve: Serve, session: Client) -> None:
    server, performance = TokenServer(), attempt(options(), write_key="key")
    server.status, server.body = 503, b""
    await failure(action(await serve(server.talk), "post"), session, performance)
    assert (performance.sent, server.shown) == (False, [])


REFUSALS = {
    "wrong_secret": (
        401,
        b'{"error": "invalid_client", "error_description": "who are you?"}',
        Failure(
            Cause.SCRIPT,
            "no token from 127.0.0.1: it says invalid_client (401): who are you?",
            PLACE,
            hint="look at client_id, client_secret, refresh_token and scope",
        ),
    ),
    "expired_grant": (
        400,
        b'{"error": "invalid_grant"}',
        Failure(
            Cause.SCRIPT,
            "no token from 127.0.0.1: it says invalid_grant (400)",
            PLACE,
            hint="look at client_id, client_secret, refresh_token and scope",
        ),
    ),
    "forbidden": (
        403,
        b"<html>",
        Failure(Cause.STATUS, "no token from 127.0.0.1: it answered 403", PLACE, "200", "403"),
    ),
    "overloaded": (
        503,
        b'{"error": "temporarily_unavailable"}',
        Failure(Cause.STATUS, "no token from 127.0.0.1: it answered 503", PLACE, "200", "503"),
    ),
    "redirect": (302, b"", Failure(Cause.STATUS, "no token from 127.0.0.1: it answered 302", PLACE, "200", "302")),
    **{
        name: (200, body, Failure(Cause.PROTOCOL, "127.0.0.1 answered with something that is no token", PLACE))
        for name, body in {
            "html": b"<html>log in</html>",
            "empty": b"",
            "list": b"[]",
            "none": b"{}",
            "number": b'{"access_token": 1}',
            "empty_token": b'{"access_token": ""}',
            "header_in_it": b'{"access_token": "a\\r\\nX: 1"}',
            "blank_in_it": b'{"access_token": "a b"}',
            "deep": b"[" * 100_000,
        }.items()
    },
    "other_type": (
        200,
        b'{"access_token": "a", "token_type": "mac"}',
        Failure(Cause.PROTOCOL, "127.0.0.1 gave a token of type mac, and only bearer tokens can be sent", PLACE),
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_server_that_gives_no_token_is_told_apart_from_a_wrong_client(
    serve: Serve, session: Client, case: str
) -> None:
    server, performance = TokenServer(), attempt(options())
    server.status, server.body, expected = REFUSALS[case]
    assert await failure(action(await serve(server.talk)), session, performance) == expected
    assert [each.role for each in performance.exchanges] == [Role.TOKEN]


async def test_a_wrong_secret_is_the_journeys_mistake(serve: Serve, session: Client) -> None:
    server = TokenServer()
    server.secret = "another"
    found = await failure(action(await serve(server.talk)), session, attempt(options()))
    assert (found.cause, "invalid_client" in found.message) == (Cause.SCRIPT, True)


async def test_a_token_server_that_is_down_is_named(session: Client) -> None:
    found = await failure(action("http://127.0.0.1:1"), session, attempt(options()))
    message = "no token from 127.0.0.1: connection refused by 127.0.0.1:1"
    assert found == Failure(Cause.CONNECT, message, PLACE, hint="nothing listens there, or a firewall says no")


async def test_a_token_server_that_breaks_off_is_named(serve: Serve, session: Client) -> None:
    server = TokenServer()
    server.silent = True
    found = await failure(action(await serve(server.talk)), session, attempt(options()))
    assert (found.cause, found.message.startswith("no token from 127.0.0.1: 127.0.0.1:")) == (Cause.PROTOCOL, True)


async def test_a_step_that_is_cut_while_it_waits_for_a_token_says_so(serve: Serve, session: Client) -> None:
    server, performance = TokenServer(), attempt(options())
    server.think_s = 30
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await http.perform(action(await serve(server.talk)), session, performance)
    assert (performance.awaits_token, performance.sent, performance.waiting_in) == (True, False, Phase.PROCESSING)


@pytest.mark.parametrize(
    ("said", "life_s"),
    [
        ({"expires_in": "120"}, 120),
        ({"expires_in": None}, None),
        ({"expires_in": -1}, None),
        ({"expires_in": "x"}, None),
    ],
)
async def test_how_long_a_token_lives_is_read_generously(
    serve: Serve, session: Client, said: dict[str, Any], life_s: float | None
) -> None:
    class Now:
        now_ns = 0

        def __call__(self) -> int:
            return self.now_ns

    clock, server = Now(), TokenServer(**said)
    url, given = await serve(server.talk), options(Tokens(clock))
    for instant in (0, 89, 91, 269, 271):
        clock.now_ns = instant * 10**9
        await visit(url, session, attempt(given))
    assert len(server.asked) == (3 if life_s == 120 else 2)


async def test_secrets_and_tokens_are_redacted_and_the_token_is_bound_to_where_it_went(
    serve: Serve, session: Client
) -> None:
    server, performance, kept = TokenServer(refresh_token="again"), attempt(options()), []
    performance.scope.derived = lambda name, value: kept.append((name, value))
    url = await serve(server.talk)
    await visit(url, session, performance, refresh_token="once more")
    assert kept == [
        ("client_secret", "s3cret & more"),
        ("refresh_token", "once more"),
        ("refresh_token", "again"),
        ("token of 127.0.0.1", "token-1"),
    ]
    assert performance.options.secret_hosts == {"token of 127.0.0.1": ("token-1", ("127.0.0.1",))}
    elsewhere = Action(get=text("http://localhost:1/?t=token-1"))
    found = await failure(elsewhere, session, attempt(performance.options))
    message = "the secret token of 127.0.0.1 was not sent: it is bound to 127.0.0.1, and this is another host"
    assert found == Failure(Cause.SCRIPT, message, PLACE)


async def test_a_client_secret_goes_to_no_token_server_it_is_not_bound_to(serve: Serve, session: Client) -> None:
    given = replace(options(), secret_hosts={"idp": ("s3cret & more", ("idp.test",))})
    performance = attempt(given)
    found = await failure(action(await serve(TokenServer().talk)), session, performance)
    message = "the secret idp was not sent: it is bound to idp.test, and this is another host"
    assert (found, performance.exchanges) == (Failure(Cause.SCRIPT, message, PLACE), [])


def test_a_token_url_must_be_one_a_request_can_go_to() -> None:
    performance = attempt()
    performance.scope.set("idp", "ftp://idp.test")
    with pytest.raises(Exception, match=r"not a URL a token can be fetched from: ftp://idp\.test/token"):
        client_of(OAuth2(text("${idp}/token"), text("a"), text("b")), performance)


def test_id_and_secret_are_form_encoded_before_they_are_put_together() -> None:
    request = token_request(client_of(keys("http://idp.test"), attempt()), "")
    assert dict(request.headers)["Authorization"] == "Basic c2hvcCtwcm9iZTpzM2NyZXQrJTI2K21vcmU="
