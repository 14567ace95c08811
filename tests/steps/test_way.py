import asyncio
import ssl
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trustme
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.network import Network, PemFile
from probe.model.result import Cause, Exchange, Failure
from probe.model.timing import Phase
from probe.steps import dns, tcp, tls
from probe.steps.base import Performance
from tests.steps.asking import OPTIONS, PLACE, Serve, attempt, text
from tests.wire.certificates import write_authority
from tests.wire.names import name_server
from tests.wire.proxying import tunnels


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def identity(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def by(network: Network, write_key: str = "") -> Performance:
    return attempt(replace(OPTIONS, network=network), write_key)


async def performed(kind: ModuleType, action: Any, performance: Performance) -> Exchange:
    async with kind.open_session(performance.options) as session:
        seen = await kind.perform(action, session, performance)
    (exchange,) = performance.exchanges
    assert sum(exchange.phases.values()) == exchange.duration_ns == seen.duration_ns
    return exchange


async def failed(kind: ModuleType, action: Any, performance: Performance) -> Failure:
    async with kind.open_session(performance.options) as session:
        with pytest.raises(StepFailure) as raised:
            await kind.perform(action, session, performance)
    return raised.value.failure


async def test_a_handshake_trusts_whom_the_journey_trusts(
    serve: Serve, authority: trustme.CA, identity: ssl.SSLContext, tmp_path: Path
) -> None:
    address = (await serve(silent, identity)).removeprefix("https://")
    own = Network(ca=PemFile(str(write_authority(authority, tmp_path)), PLACE), resume=True)
    exchange = await performed(tls, tls.Action(text(address), alpn=("h2",)), by(own))
    assert exchange.tls is not None
    assert (exchange.tls.alpn, len(exchange.tls.chain)) == ("h2", 1)
    assert not exchange.unverified
    assert (await failed(tls, tls.Action(text(address)), by(Network()))).cause is Cause.TLS


async def test_a_handshake_that_verified_nothing_says_so(serve: Serve, identity: ssl.SSLContext) -> None:
    address = (await serve(silent, identity)).removeprefix("https://")
    assert (await performed(tls, tls.Action(text(address)), by(Network(insecure=True)))).unverified


async def test_authorities_that_are_not_there_are_the_agents_trouble() -> None:
    found = await failed(tls, tls.Action(text("127.0.0.1:1")), by(Network(ca=PemFile("/not/there.pem", PLACE))))
    assert (found.cause, found.place) == (Cause.AGENT, PLACE)
    assert found.message == "no TLS as network: asks for it: there is no file /not/there.pem"


@pytest.mark.parametrize("kind", [tcp, tls])
async def test_a_proxy_is_gone_through(serve: Serve, identity: ssl.SSLContext, kind: ModuleType) -> None:
    address = (await serve(silent, identity)).removeprefix("https://")
    async with tunnels() as proxy:
        network = Network(proxy=text(f"http://{proxy.name}"), insecure=True)
        exchange = await performed(kind, kind.Action(text(address)), by(network))
        assert proxy.asked == [address]
    assert (exchange.proxy, exchange.remote) == (proxy.name, proxy.name)
    assert 0 < exchange.tunnel_ns <= exchange.phases[Phase.CONNECT]
    assert exchange.unverified is (kind is tls)


async def test_names_lead_where_the_journey_says(serve: Serve) -> None:
    address = (await serve(silent)).removeprefix("http://")
    network = Network(resolve={"shop.test": text("127.0.0.1")}, source=text("127.0.0.9"))
    exchange = await performed(tcp, tcp.Action(text(f"shop.test:{address.rpartition(':')[2]}")), by(network))
    assert exchange.remote == address


async def test_name_servers_of_the_journey_are_asked() -> None:
    with name_server({"shop.test": ("10.0.0.7",)}) as names:
        exchange = await performed(dns, dns.Action(text("shop.test")), by(Network(resolver=(text(names.address),))))
    assert exchange.remote == names.address


async def test_a_write_leaves_this_machine_by_no_proxy() -> None:
    network = Network(proxy=text("http://proxy.test:3128"))
    found = await failed(tcp, tcp.Action(text("127.0.0.1:1"), text("pay")), by(network, "key"))
    assert found.message == "a step with effect: write was not sent to proxy.test: writes are not allowed there"
