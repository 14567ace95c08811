"""Sessions by Route: what each of them trusts and shows, over the whole client."""

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter_ns

import pytest
import trustme

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock
from probe.wire.client import open_client
from probe.wire.marks import Marks
from probe.wire.pools import Pools
from probe.wire.request import Request
from probe.wire.route import DIRECT, Route, Tls
from tests.wire.certificates import write_authority, write_identity
from tests.wire.peers import drain, peer

Serve = Callable[..., Awaitable[str]]


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        shown = writer.get_extra_info("ssl_object").getpeercert() or {}
        name = dict(shown["subjectAltName"]).get("email", "") if shown else "nobody"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(name), name.encode()))


async def ask(url: str, tls: Tls, instants: Clock = Clock.KERNEL) -> str:
    async with open_client(perf_counter_ns, "test", None, instants) as client:
        answer = await client.send(Request("GET", url), Marks(perf_counter_ns), route=Route(tls=tls))
    return answer.body.decode()


async def failed(url: str, tls: Tls, instants: Clock = Clock.KERNEL) -> Failure:
    with pytest.raises(StepFailure) as raised:
        await ask(url, tls, instants)
    return raised.value.failure


def old_tls(identity: ssl.SSLContext) -> ssl.SSLContext:
    identity.maximum_version = ssl.TLSVersion.TLSv1_2
    return identity


def shake(context: ssl.SSLContext, sock: socket.socket) -> None:
    """A server in a thread: unlike asyncio's it sends the alert, and leaves it the time to arrive."""
    kept = sock.dup()
    with (
        kept,
        suppress(ssl.SSLError),
        context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True) as tls,
    ):
        try:
            tls.do_handshake()
        finally:
            kept.shutdown(socket.SHUT_WR)
            drain(kept)


def asking(authority: trustme.CA, identity: ssl.SSLContext) -> ssl.SSLContext:
    """A server that wants to know who is there."""
    authority.configure_trust(identity)
    identity.verify_mode = ssl.CERT_REQUIRED
    return identity


@pytest.mark.parametrize("instants", list(Clock))
async def test_an_own_authority_is_trusted_and_nobody_else_then(
    serve: Serve, authority: trustme.CA, identity: ssl.SSLContext, tmp_path: Path, instants: Clock
) -> None:
    url = await serve(hello, identity)
    assert await ask(url, Tls(str(write_authority(authority, tmp_path))), instants) == "nobody"
    other = write_authority(trustme.CA(), tmp_path, "other.pem")
    failure = await failed(url, Tls(str(other)), instants)
    assert (failure.cause, failure.message.startswith("the certificate of localhost:")) == (Cause.TLS, True)


@pytest.mark.parametrize("instants", list(Clock))
async def test_insecure_takes_any_certificate(serve: Serve, authority: trustme.CA, instants: Clock) -> None:
    wrong = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("another.test").configure_cert(wrong)
    assert await ask(await serve(hello, wrong), Tls(insecure=True), instants) == "nobody"


@pytest.mark.parametrize("instants", list(Clock))
async def test_a_server_below_the_minimum_is_its_own_fault(
    serve: Serve, authority: trustme.CA, identity: ssl.SSLContext, tmp_path: Path, instants: Clock
) -> None:
    ca = str(write_authority(authority, tmp_path))
    assert await ask(await serve(hello, old_tls(identity)), Tls(ca, minimum="1.2"), instants) == "nobody"
    with peer(functools.partial(shake, old_tls(identity))) as port:
        failure = await failed(f"https://localhost:{port}", Tls(ca, minimum="1.3"), instants)
    hint = "this client speaks TLS 1.2 and 1.3"
    assert failure == Failure(Cause.TLS, f"no TLS with localhost:{port}: no TLS version in common", hint=hint)


@pytest.mark.parametrize("instants", list(Clock))
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate_is_shown_to_a_server_that_asks(
    serve: Serve,
    authority: trustme.CA,
    identity: ssl.SSLContext,
    tmp_path: Path,
    instants: Clock,
    version: ssl.TLSVersion,
) -> None:
    identity.maximum_version = version
    url = await serve(hello, asking(authority, identity))
    certificate, key = write_identity(authority, tmp_path)
    tls = Tls(str(write_authority(authority, tmp_path)), str(certificate), str(key))
    assert await ask(url, tls, instants) == "probe@test"


ACCEPTANCE = {
    "1.2_none": (
        ssl.TLSVersion.TLSv1_2,
        "no TLS with {}: it accepts nothing of what was offered (alert handshake failure)",
        "it has no cipher in common with this client, or wants a certificate from it",
    ),
    "1.3_none": (
        ssl.TLSVersion.TLSv1_3,
        "TLS with {} broke before an answer came: it wants a certificate from its clients",
        "network: {client_certificate: …}",
    ),
    "1.2_unknown": (
        ssl.TLSVersion.TLSv1_2,
        "no TLS with {}: it broke off with the alert unknown ca",
        "",
    ),
    "1.3_unknown": (
        ssl.TLSVersion.TLSv1_3,
        "TLS with {} broke before an answer came: it broke off with the alert unknown ca",
        "",
    ),
}


@pytest.mark.parametrize("instants", list(Clock))
@pytest.mark.parametrize("case", ACCEPTANCE)
async def test_a_client_certificate_that_is_not_accepted_is_told_as_such(
    authority: trustme.CA, identity: ssl.SSLContext, tmp_path: Path, instants: Clock, case: str
) -> None:
    identity.maximum_version, message, hint = ACCEPTANCE[case]
    ca, (certificate, key) = str(write_authority(authority, tmp_path)), write_identity(trustme.CA(), tmp_path)
    tls = Tls(ca) if case.endswith("none") else Tls(ca, str(certificate), str(key))
    with peer(functools.partial(shake, asking(authority, identity))) as port:
        failure = await failed(f"https://localhost:{port}", tls, instants)
    assert failure == Failure(Cause.TLS, message.format(f"localhost:{port}"), hint=hint)


async def test_sessions_are_kept_by_route_and_closed_together() -> None:
    pools = Pools(perf_counter_ns, "test", None, Clock.KERNEL, ())
    sessions = [pools.session(), pools.session(DIRECT), pools.session(fresh=True), pools.session(Route(source="::1"))]
    assert len({id(session) for session in sessions}) == 3
    assert pools.resolver(DIRECT) is pools.resolver(Route(source="::1"))
    await pools.close()
    assert [session.closed for session in sessions] == [True] * 4
