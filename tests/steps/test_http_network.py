import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.evaluate.template import parse_text
from probe.model.network import NOTHING_SAID, ClientCertificate, Family, Network, PemFile, TlsVersion
from probe.model.place import Place
from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.steps import http
from probe.steps.base import Performance
from probe.steps.http_action import Action
from probe.steps.http_network import path_of, route_of, tls_of
from probe.wire.route import DIRECT, Proxy, Route, Tls, parse_redirection
from tests.steps.asking import OPTIONS, PLACE, Serve, attempt, failure, text
from tests.wire.certificates import write_authority
from tests.wire.proxying import tunnels

ALL: dict[str, Any] = {
    "proxy": text("http://me:${password}@proxy.test:3128"),
    "resolve": {"shop.test": text("10.0.0.7")},
    "connect_to": {"a.test": text("${edge}:443")},
    "family": Family.IPV4,
    "source": text("10.0.0.1"),
    "ca": PemFile("ca.pem", Place("journeys/shop.yaml", 1, 1, 2)),
    "tls_min": TlsVersion.V1_3,
    "insecure": False,
    "resume": True,
    "client_certificate": ClientCertificate(PemFile("/etc/me.pem", PLACE), PemFile("me.key", PLACE)),
    "unix_socket": text(""),
    "resolver": (text("10.0.0.2:53"), text("10.0.0.3")),
}


def knowing(**values: str) -> Performance:
    performance = attempt()
    for name, value in values.items():
        performance.scope.set(name, value, secret=name == "password")
    return performance


def refused(network: Network, performance: Performance) -> Failure:
    with pytest.raises(StepFailure) as raised:
        route_of(network, performance)
    return raised.value.failure


def test_everything_that_is_said_is_in_the_route() -> None:
    assert route_of(Network(**ALL), knowing(password="s3cret", edge="edge.test")) == Route(
        proxy=Proxy("proxy.test", 3128, "me", "s3cret"),
        resolve=(("shop.test", "10.0.0.7"),),
        connect_to=(parse_redirection("a.test", "edge.test:443"),),
        family=socket.AF_INET,
        source="10.0.0.1",
        tls=Tls("journeys/ca.pem", "/etc/me.pem", "me.key", "1.3"),
        resolver=("10.0.0.2:53", "10.0.0.3"),
        resume=True,
    )


def test_where_nothing_is_said_the_way_is_direct() -> None:
    assert route_of(None, attempt()) is DIRECT
    assert route_of(Network(), attempt()) == DIRECT
    assert route_of(Network(proxy=text(""), source=text(""), family=Family.ANY, resolve={}), attempt()) == DIRECT


def test_the_step_comes_before_the_journey_and_the_agent() -> None:
    general = Network(proxy=text("http://proxy.test:1"), family=Family.IPV6)
    performance = attempt(replace(OPTIONS, network=general))
    assert route_of(None, performance) == Route(proxy=Proxy("proxy.test", 1), family=socket.AF_INET6)
    assert route_of(Network(proxy=text("")), performance) == Route(family=socket.AF_INET6)


def test_a_source_address_asks_for_its_family() -> None:
    assert route_of(Network(source=text("2001:db8::1")), attempt()).family == socket.AF_INET6
    found = refused(Network(source=text("10.0.0.1"), family=Family.IPV6), attempt())
    message = "source: 10.0.0.1 is no ipv6 address, and family: asks for one"
    assert found == Failure(Cause.SCRIPT, message, PLACE)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Network(source=text("${bad}")), "source: expected an IP address, such as 203.0.113.7 or 2001:db8::7, got x y"),
        (
            Network(resolve={"a": text("${bad}")}),
            "resolve: expected an IP address, such as 203.0.113.7 or 2001:db8::7, got x y",
        ),
        (Network(connect_to={"a": text("${bad}")}), "connect_to: expected host or host:port, got x y"),
        (Network(resolver=(text("${bad}"),)), "resolver: expected host or host:port, got x y"),
        (Network(proxy=text("${bad}")), "proxy: expected http://[user:password@]host:port"),
        (Network(unix_socket=text("${bad}\x07")), "unix_socket: expected a path"),
        (Network(resolver=(text("system"), text("10.0.0.1"))), "resolver: system is asked alone, or not at all"),
    ],
)
def test_what_a_template_makes_of_it_may_be_no_good(network: Network, message: str) -> None:
    assert refused(network, knowing(bad="x y")) == Failure(Cause.SCRIPT, message, PLACE)


def test_a_path_starts_at_the_file_it_is_written_in() -> None:
    at = Place("journeys/shop.yaml", 1, 1, 2)
    assert (path_of(PemFile("certs/ca.pem", at)), path_of(PemFile("/etc/ca.pem", at))) == (
        "journeys/certs/ca.pem",
        "/etc/ca.pem",
    )
    assert route_of(Network(unix_socket=parse_text("run/shop.sock", at)), attempt()).unix_socket == (
        "journeys/run/shop.sock"
    )
    assert tls_of(NOTHING_SAID) == Tls()


def test_the_password_of_a_proxy_is_a_secret_in_all_its_forms() -> None:
    performance, kept = knowing(url="http://me:p%40ssword@proxy.test:1"), []
    performance.scope.derived = lambda name, value: kept.append((name, value))
    route_of(Network(proxy=text("${url}")), performance)
    assert kept == [("proxy", "p@ssword")]


def test_a_secret_goes_to_no_proxy_it_is_not_bound_to() -> None:
    bound = {"password": ("s3cret", ("proxy.test",))}
    for host, message in (
        ("proxy.test", None),
        ("other.test", "the secret password was not sent: it is bound to proxy.test, and the proxy is another host"),
    ):
        performance = attempt(replace(OPTIONS, secret_hosts=bound))
        performance.scope.set("password", "s3cret", secret=True)
        network = Network(proxy=text(f"http://me:${{password}}@{host}:1"))
        if message is None:
            assert route_of(network, performance).proxy == Proxy(host, 1, "me", "s3cret")
        else:
            assert refused(network, performance) == Failure(Cause.SCRIPT, message, PLACE)


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


async def test_an_exchange_says_which_way_it_went(serve: Serve, tmp_path: Path) -> None:
    authority = trustme.CA()
    identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("another.test").configure_cert(identity)
    url = await serve(hello, identity)
    performance = attempt()
    async with tunnels(login="me:s3cret") as proxy, http.open_session(OPTIONS) as session:
        network = Network(proxy=text(f"http://me:s3cret@{proxy.name}"), insecure=True)
        await http.perform(Action(get=text(url), network=network), session, performance)
    (exchange,) = performance.exchanges
    assert (exchange.proxy, exchange.remote, exchange.unverified) == (proxy.name, proxy.name, True)
    assert 0 < exchange.tunnel_ns < exchange.phases[Phase.CONNECT]
    assert sum(exchange.phases.values()) == exchange.duration_ns
    ca = PemFile(str(write_authority(authority, tmp_path)), PLACE)
    found = await wrong_host(Action(get=text(await serve(hello, identity)), network=Network(ca=ca)))
    assert found.cause is Cause.TLS


async def wrong_host(action: Action) -> Failure:
    async with http.open_session(OPTIONS) as session:
        return await failure(action, session, attempt())


async def test_a_certificate_only_the_agents_machine_should_have_is_the_agents_trouble(tmp_path: Path) -> None:
    place = Place("journey.yaml", 9, 8, 7)
    network = Network(ca=PemFile(f"{tmp_path}/ca.pem", place))
    found = await wrong_host(Action(get=text("https://shop.test/"), network=network))
    message = f"no TLS as network: asks for it: there is no file {tmp_path}/ca.pem"
    hint = "a relative path starts at the folder of the file it is written in"
    assert found == Failure(Cause.AGENT, message, place, hint=hint)


@pytest.mark.parametrize(
    ("network", "host"),
    [
        (Network(connect_to={"localhost": text("shop.test")}), "shop.test"),
        (Network(connect_to={"localhost:80": text("shop.test:80")}), "shop.test"),
        (Network(resolve={"localhost": text("203.0.113.7")}), "203.0.113.7"),
        (Network(proxy=text("http://proxy.test:1")), "proxy.test"),
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
async def test_a_write_leaves_this_machine_by_no_back_door(network: Network, host: str, allowed: bool) -> None:
    performance = attempt(replace(OPTIONS, writes_allowed=allowed), write_key="key")
    async with http.open_session(OPTIONS) as session:
        found = await failure(Action(post=text("http://localhost/"), network=network), session, performance)
    why = "there is no journal of effects to enter it into" if allowed else "writes are not allowed there"
    assert (found.cause, performance.exchanges) == (Cause.SCRIPT, [])
    assert found.message == f"a step with effect: write was not sent to {host}: {why}"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("resume", [True, False])
async def test_a_tls_session_is_resumed_over_runs_when_that_is_asked_for(
    serve: Serve, version: ssl.TLSVersion, *, resume: bool
) -> None:
    authority, trust = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(identity)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    identity.maximum_version = version
    url, seen = await serve(talk, identity), []
    for _ in range(3):
        performance = attempt(replace(OPTIONS, tls=trust))
        async with http.open_session(performance.options) as session:
            action = Action(get=text(url), network=Network(resume=resume))
            await http.perform(action, session, performance)
        (exchange,) = performance.exchanges
        assert exchange.tls is not None
        seen.append(exchange.tls.resumed)
        assert sum(exchange.phases.values()) == exchange.duration_ns
    assert seen == [False, resume, resume]
