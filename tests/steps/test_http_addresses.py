import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from probe.model.network import Network
from probe.model.observation import Observation
from probe.model.result import Cause, Failure, Role
from probe.model.timing import Phase
from probe.steps import http
from probe.steps.auth import Auth, Login, OAuth2
from probe.steps.base import Options, Performance
from probe.steps.http_action import Action
from probe.steps.tokens import Tokens
from tests.steps.asking import OPTIONS, PLACE, Talk, attempt, failure, text
from tests.steps.digesting import DigestServer
from tests.steps.everywhere import serving_at
from tests.steps.granting import TokenServer
from tests.wire.names import name_server

ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        here = writer.get_extra_info("sockname")[0].encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(here), here))


@asynccontextmanager
async def shops(talk: Talk = hello, addresses: tuple[str, ...] = ADDRESSES) -> AsyncIterator[tuple[str, Options]]:
    """A name with three addresses, and a server at some of them."""
    async with serving_at(talk, addresses) as port:
        with name_server({"shop.test": ADDRESSES}) as names:
            options = replace(OPTIONS, nameservers=(names.address,), tokens=Tokens(), secret_hosts={})
            yield f"http://shop.test:{port}/", options


async def asked(action: Action, options: Options) -> tuple[Observation, Performance]:
    performance = attempt(options)
    async with http.open_session(options) as session:
        seen = await http.perform(action, session, performance)
    assert sum(seen.phases.values()) == seen.duration_ns
    assert min(seen.phases.values()) >= 0
    for exchange in performance.exchanges:
        assert sum(exchange.phases.values()) == exchange.duration_ns
    return seen, performance


async def test_every_address_is_asked_once_and_the_name_is_looked_up_once() -> None:
    async with shops(hello) as (url, options):
        seen, performance = await asked(Action(get=text(url), all_addresses=True), options)
    remotes = [exchange.remote.rpartition(":")[0] for exchange in performance.exchanges]
    assert sorted(remotes) == sorted(ADDRESSES)
    assert [Phase.RESOLVE in exchange.phases for exchange in performance.exchanges] == [True, False, False]
    assert [bool(exchange.resolver) for exchange in performance.exchanges] == [True, False, False]
    assert [(one.address, one.response.text) for one in seen.each if one.response] == [(each, each) for each in remotes]
    assert (seen.started_ns, seen.address) == (performance.exchanges[0].started_ns, "")
    last = performance.exchanges[-1]
    assert seen.ended_ns == last.started_ns + last.duration_ns


async def test_an_address_that_is_dead_is_named_and_the_others_are_still_asked() -> None:
    async with shops(hello, ("127.0.0.2", "127.0.0.4")) as (url, options):
        performance = attempt(options)
        async with http.open_session(options) as session:
            found = await failure(Action(get=text(url), all_addresses=True), session, performance)
    port = url.rpartition(":")[2].rstrip("/")
    message = (
        f"1 of 3 addresses failed (127.0.0.3): connection refused by shop.test:{port} (by way of 127.0.0.3:{port})"
    )
    assert found == Failure(Cause.CONNECT, message, hint="nothing listens there, or a firewall says no")
    assert sorted(str(exchange.status) for exchange in performance.exchanges) == ["200", "200", "None"]


async def test_an_address_that_is_silent_takes_its_share_of_the_time_and_no_other() -> None:
    async def silent_at_3(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer.get_extra_info("sockname")[0] == "127.0.0.3":
            await reader.read()
        else:
            await hello(reader, writer)

    async with shops(silent_at_3) as (url, options):
        performance = attempt(options)
        performance.deadline_ns = options.clock() + 3 * 10**9
        async with http.open_session(options) as session:
            found = await failure(Action(get=text(url), all_addresses=True), session, performance)
    assert found.cause is Cause.TIMEOUT
    assert found.message.startswith("1 of 3 addresses failed (127.0.0.3): no answer within ")
    assert found.message.endswith(" its share of the time: it ran out in processing")
    assert sorted(str(exchange.status) for exchange in performance.exchanges) == ["200", "200", "None"]


async def test_a_name_that_does_not_resolve_leaves_one_exchange() -> None:
    async with shops(hello) as (url, options):
        performance = attempt(options)
        async with http.open_session(options) as session:
            found = await failure(
                Action(get=text(url.replace("shop.test", "gone.test")), all_addresses=True), session, performance
            )
    assert found.message == "the name gone.test does not resolve: it does not exist (NXDOMAIN)"
    (exchange,) = performance.exchanges
    assert (exchange.failure, list(exchange.phases)) == (found, [Phase.RESOLVE, Phase.OTHER])
    assert sum(exchange.phases.values()) == exchange.duration_ns


async def test_a_lookup_that_is_cut_leaves_its_exchange() -> None:
    with name_server({"shop.test": "silence"}) as names:
        options = replace(OPTIONS, nameservers=(names.address,))
        performance = attempt(options)
        async with http.open_session(options) as session:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await http.perform(Action(get=text("http://shop.test/"), all_addresses=True), session, performance)
    (exchange,) = performance.exchanges
    assert (performance.waiting_in, exchange.failure, exchange.phases[Phase.RESOLVE] > 0) == (Phase.RESOLVE, None, True)


async def test_an_address_in_the_url_and_a_resolved_one_are_one_address() -> None:
    async with shops(hello) as (url, options):
        plain, _ = await asked(Action(get=text(url.replace("shop.test", "127.0.0.2")), all_addresses=True), options)
        given = Network(resolve={"shop.test": text("127.0.0.4")})
        pinned, _ = await asked(Action(get=text(url), all_addresses=True, network=given), options)
    assert [one.address for seen in (plain, pinned) for one in seen.each] == ["127.0.0.2", "127.0.0.4"]


async def test_another_server_is_asked_at_all_its_addresses() -> None:
    async with shops(hello) as (url, options):
        port = url.rpartition(":")[2].rstrip("/")
        given = Network(connect_to={"www.test:80": text(f"shop.test:{port}")})
        seen, _ = await asked(Action(get=text("http://www.test/"), all_addresses=True, network=given), options)
    assert sorted(one.address for one in seen.each) == sorted(ADDRESSES)


@pytest.mark.parametrize(
    ("network", "key"),
    [(Network(proxy=text("http://a:1")), "proxy"), (Network(unix_socket=text("/a.sock")), "unix_socket")],
)
async def test_where_no_address_is_chosen_there_are_none_to_ask(network: Network, key: str) -> None:
    performance = attempt()
    async with http.open_session(OPTIONS) as session:
        action = Action(get=text("http://shop.test/"), all_addresses=True, network=network)
        found = await failure(action, session, performance)
    message = f"all_addresses does not go with {key}: no address is chosen here then"
    hint = f'network: {{{key}: ""}} takes it back for this step'
    assert (found, performance.exchanges) == (Failure(Cause.SCRIPT, message, PLACE, hint=hint), [])


async def test_credentials_are_shown_at_every_address() -> None:
    digest, tokens = DigestServer(), TokenServer()
    async with shops(digest.talk) as (url, options):
        auth = Auth(digest=Login(text("ali"), text("open sesame")))
        seen, performance = await asked(Action(get=text(url), all_addresses=True, auth=auth), options)
        assert [one.response.status for one in seen.each if one.response] == [200] * 3
        assert [each.role for each in performance.exchanges] == [Role.CHALLENGE, *[Role.REQUEST] * 3]
    async with shops(tokens.talk) as (url, options):
        auth = Auth(oauth2=OAuth2(text(f"{url}token"), text("shop probe"), text("s3cret & more")))
        seen, performance = await asked(Action(get=text(f"{url}page"), all_addresses=True, auth=auth), options)
        assert [each.role for each in performance.exchanges] == [Role.TOKEN, *[Role.REQUEST] * 3]
        token, first, *_ = performance.exchanges
        assert (seen.started_ns, first.started_ns >= token.started_ns + token.duration_ns) == (first.started_ns, True)


async def test_a_name_that_is_no_ascii_is_asked_at_all_its_addresses() -> None:
    async with serving_at(hello, ADDRESSES) as port:
        with name_server({"xn--bcher-kva.test": ADDRESSES}) as names:
            options = replace(OPTIONS, nameservers=(names.address,))
            seen, _ = await asked(Action(get=text(f"http://bücher.test:{port}/"), all_addresses=True), options)
            given = Network(connect_to={"bücher.test": text("127.0.0.4")})
            there, _ = await asked(Action(get=text(f"http://bücher.test:{port}/"), network=given), options)
    assert sorted(one.response.text for one in seen.each if one.response) == sorted(ADDRESSES)
    assert there.response
    assert there.response.text == "127.0.0.4"
