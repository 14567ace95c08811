import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.evaluate.queries import CERTIFICATE_FACTS, QUERIES
from probe.evaluate.value import collapse
from probe.model.result import Cause
from probe.model.timing import Clock, Phase
from probe.steps import tls
from probe.steps.base import Options
from probe.steps.tls import Action
from tests.steps.asking import OPTIONS, Serve, attempt, text

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def options(authority: trustme.CA) -> Options:
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    return replace(OPTIONS, tls=trust, now=lambda: NOW)


def identity(authority: trustme.CA, *names: str, days: float = 30) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["h2", "http/1.1"])
    until = NOW + timedelta(days=days)
    leaf = authority.issue_cert(*names, common_name="the shop", not_before=NOW - timedelta(days=60), not_after=until)
    leaf.configure_cert(context)
    return context


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def target(serve: Serve, context: ssl.SSLContext) -> str:
    return (await serve(silent, context)).removeprefix("https://")


@pytest.mark.parametrize("clock", list(Clock))
async def test_a_handshake_shows_the_certificate_and_is_timed(
    serve: Serve, authority: trustme.CA, options: Options, clock: Clock
) -> None:
    address = await target(serve, identity(authority, "localhost", "*.shop.test", days=30.5))
    performance = attempt(replace(options, instants=clock))
    action = Action(text(address), alpn=("h2",))
    async with tls.open_session(performance.options) as connector:
        seen = await tls.perform(action, connector, performance)
    (exchange,) = performance.exchanges
    assert (exchange.method, exchange.url, exchange.clock) == ("TLS", f"tls://{address}", clock)
    assert set(seen.phases) >= {Phase.CONNECT, Phase.TLS, Phase.OTHER}
    assert not {Phase.SEND, Phase.PROCESSING, Phase.TRANSFER} & set(seen.phases)
    assert sum(seen.phases.values()) == seen.duration_ns
    found = {name: collapse(QUERIES["certificate"].find(seen, name, None)) for name in CERTIFICATE_FACTS}
    assert found["issuer"].startswith("organizationName=trustme")
    assert found["cipher"].startswith("TLS_")
    assert found == {
        "days_left": 30,
        "expires": (NOW + timedelta(days=30.5)).replace(microsecond=0).isoformat(),
        "subject": "the shop",
        "issuer": found["issuer"],
        "sans": ["localhost", "*.shop.test"],
        "serial": found["serial"],
        "version": "TLSv1.3",
        "cipher": found["cipher"],
        "alpn": "h2",
    }


async def test_another_name_can_be_asked_for(serve: Serve, authority: trustme.CA, options: Options) -> None:
    address = await target(serve, identity(authority, "shop.test"))
    async with tls.open_session(options) as connector:
        seen = await tls.perform(Action(text(address), text("shop.test")), connector, attempt(options))
        with pytest.raises(StepFailure) as raised:
            await tls.perform(Action(text(address)), connector, attempt(options))
    assert seen.tls
    assert seen.tls.chain[0].sans == ("shop.test",)
    assert (raised.value.failure.cause, "certificate" in raised.value.failure.message) == (Cause.TLS, True)


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_certificate_that_cannot_be_trusted_or_has_expired_is_a_failure_of_tls(
    serve: Serve, authority: trustme.CA, options: Options, trusted: bool
) -> None:
    other = authority if trusted else trustme.CA()
    address = await target(serve, identity(other, "localhost", days=-1 if trusted else 30))
    performance = attempt(options)
    async with tls.open_session(options) as connector:
        with pytest.raises(StepFailure) as raised:
            await tls.perform(Action(text(address)), connector, performance)
    assert raised.value.failure.cause is Cause.TLS
    assert ("expired" in raised.value.failure.message) is trusted
    assert performance.exchanges[0].failure == raised.value.failure


async def test_who_does_not_speak_tls_is_told(serve: Serve, options: Options) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.shop.test ready\r\n")
        await reader.read()

    address = (await serve(talk)).removeprefix("http://").replace("127.0.0.1", "localhost")
    async with tls.open_session(options) as connector:
        with pytest.raises(StepFailure) as raised:
            await tls.perform(Action(text(address)), connector, attempt(options))
    assert raised.value.failure.cause is Cause.TLS


async def test_an_offer_nobody_takes_leaves_no_protocol(serve: Serve, authority: trustme.CA, options: Options) -> None:
    address = await target(serve, identity(authority, "localhost"))
    async with tls.open_session(options) as connector:
        seen = await tls.perform(Action(text(address)), connector, attempt(options))
    assert seen.tls
    assert seen.tls.alpn == ""
