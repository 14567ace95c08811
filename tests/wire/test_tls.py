import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
import trustme

from probe.wire.stamps import kernel_stamps
from probe.wire.tls import TlsTransport
from tests.wire.dialling import Told, connected, dial_tls, sockets, until_sockets
from tests.wire.peers import BODY, ByHand, drain, peer


def speaking(identity: ssl.SSLContext, talk: Callable[[ssl.SSLSocket], object]) -> Callable[[socket.socket], object]:
    def converse(sock: socket.socket) -> None:
        with identity.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as secured:
            talk(secured)

    return converse


@pytest.fixture(autouse=True)
async def _nothing_stays_open() -> AsyncIterator[None]:
    kernel_stamps()
    before = sockets()
    yield
    await until_sockets(before)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def identity(authority: trustme.CA, request: pytest.FixtureRequest) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.maximum_version = request.param
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def test_bytes_go_both_ways(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    goodbye: list[bytes] = []

    def talk(sock: ssl.SSLSocket) -> None:
        sock.sendall(sock.recv(99).upper())
        goodbye.append(sock.recv(99))  # raises when there is none

    with peer(speaking(identity, talk)) as port:
        told = Told()
        transport = await dial_tls(port, told, trust)
        assert told.events[0] == "made"
        transport.write(b"hi")
        await told.until("data")
        transport.close()
        await told.until("lost")
    assert (bytes(told.data), goodbye, told.error) == (b"HI", [b""], None)
    assert None not in told.stamps


async def test_it_says_what_was_agreed_upon(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    with peer(speaking(identity, lambda sock: None)) as port:
        told = Told()
        transport = await dial_tls(port, told, trust)
        tls = transport.get_extra_info("ssl_object")
        assert transport.get_extra_info("sslcontext") is trust
        assert transport.get_extra_info("cipher") == tls.cipher()
        assert transport.get_extra_info("peercert")["subjectAltName"] == (("DNS", "localhost"),)
        assert transport.get_extra_info("compression", "none") == "none"
        assert transport.get_extra_info("peername") == ("127.0.0.1", port)
        assert not transport.can_write_eof()
        with pytest.raises(NotImplementedError):
            transport.write_eof()
        await told.until("lost")
    assert told.events[-2:] == ["eof", "lost"]


async def test_no_session_is_resumed_by_connections_that_share_a_context(
    identity: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    resumable, reused = [], []
    for _ in range(3):
        with peer(speaking(identity, lambda sock: sock.sendall(b"hi"))) as port:
            told = Told()
            tls = (await dial_tls(port, told, trust)).get_extra_info("ssl_object")
            await told.until("data")
            resumable.append(tls.session.has_ticket)
            reused.append(tls.session_reused)
            await told.until("lost")
    assert (resumable, reused, identity.session_stats()["hits"]) == ([True] * 3, [False] * 3, 0)


async def test_a_large_body_goes_each_way_whoever_is_slow(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    go, came = threading.Event(), []

    def talk(sock: ssl.SSLSocket) -> None:
        go.wait(30)
        left = bytearray()
        while len(left) < len(BODY):
            left += sock.recv(2**20)
        came.append(bytes(left))
        sock.sendall(BODY)

    with peer(speaking(identity, talk)) as port:
        told = Told()
        transport = await dial_tls(port, told, trust)
        transport.write(BODY)
        assert "pause" in told.events
        go.set()
        await told.until("resume")
        transport.pause_reading()
        await asyncio.sleep(0.2)
        held = len(told.data)
        await asyncio.sleep(0.1)
        assert len(told.data) == held < len(BODY)
        transport.resume_reading()
        await told.until("lost")
    assert (came, bytes(told.data)) == ([BODY], BODY)


async def test_what_was_written_is_sent_before_the_goodbye(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    came: list[bytes] = []
    with peer(speaking(identity, lambda sock: came.append(drain(sock)))) as port:
        told = Told()
        transport = await dial_tls(port, told, trust)
        transport.write(BODY)
        transport.close()
        await told.until("lost")
    assert came == [BODY]


async def test_an_end_without_goodbye_is_an_end(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    def talk(sock: ssl.SSLSocket) -> None:
        sock.sendall(b"hi")
        sock.shutdown(socket.SHUT_WR)  # of what is under TLS

    with peer(speaking(identity, talk)) as port:
        told = Told(keep_open=True)
        await dial_tls(port, told, trust)
        await told.until("lost")
    assert (bytes(told.data), told.events[-2:], told.error) == (b"hi", ["eof", "lost"], None)


async def test_a_certificate_nobody_vouches_for_is_refused_with_an_alert(identity: ssl.SSLContext) -> None:
    said: list[str] = []

    def talk(sock: socket.socket) -> None:
        try:
            identity.wrap_socket(sock, server_side=True)
        except ssl.SSLError as error:
            said.append(error.reason)

    with peer(talk) as port:
        told = Told()
        with pytest.raises(ssl.SSLCertVerificationError):
            await dial_tls(port, told, ssl.create_default_context())
    assert (told.events, said) == ([], ["TLSV1_ALERT_UNKNOWN_CA"])


async def test_another_hosts_certificate_is_refused(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    with peer(speaking(identity, lambda sock: None)) as port:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            await dial_tls(port, Told(), trust, "elsewhere")
        assert "elsewhere" in caught.value.verify_message


async def test_an_alert_in_the_handshake_is_said(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    strict = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    strict.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    strict.maximum_version = trust.maximum_version = ssl.TLSVersion.TLSv1_2
    trust.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    authority.issue_cert("localhost").configure_cert(strict)
    with peer(speaking(strict, lambda sock: None)) as port:
        with pytest.raises(ssl.SSLError) as caught:
            await dial_tls(port, Told(), trust)
        assert caught.value.reason in ("SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_HANDSHAKE_FAILURE")


async def test_an_alert_after_the_handshake_is_an_error(authority: trustme.CA, trust: ssl.SSLContext) -> None:
    strict = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(strict)
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.minimum_version = ssl.TLSVersion.TLSv1_3  # where the client is done before the server asks
    with peer(speaking(strict, lambda sock: None)) as port:
        told = Told()
        await dial_tls(port, told, trust)
        await told.until("lost")
    assert isinstance(told.error, ssl.SSLError)
    assert told.error.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"


async def test_garbage_after_the_handshake_is_an_error(identity: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    def talk(sock: ssl.SSLSocket) -> None:
        sock.sendall(b"hi")
        with socket.socket(fileno=sock.detach()) as below:
            below.sendall(b"garbage" * 9)
            drain(below)

    with peer(speaking(identity, talk)) as port:
        told = Told()
        await dial_tls(port, told, trust)
        await told.until("lost")
    assert bytes(told.data) == b"hi"
    assert isinstance(told.error, ssl.SSLError)


async def test_of_a_record_that_comes_in_parts_the_beginning_is_told(
    identity: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """With TLS 1.3 two tickets are before it, and the first of them comes in parts as well."""
    go = threading.Semaphore(0)
    answer, tickets = b"answer" * 2000, identity.maximum_version is ssl.TLSVersion.TLSv1_3

    def talk(sock: socket.socket) -> None:
        by_hand = ByHand(sock, identity)
        if not tickets:
            by_hand.send(by_hand.afterwards)
        by_hand.hear()
        before, record = by_hand.afterwards if tickets else b"", by_hand.seal(answer)
        pieces = [before[:100], before[100:] + record[:1000], record[1000:5000], record[5000:]]
        for piece in pieces if tickets else pieces[1:]:
            by_hand.send(piece)
            go.acquire(timeout=30)
        drain(sock)

    with peer(talk) as port:
        told = Told()
        transport = await dial_tls(port, told, trust)
        transport.write(b"ask")
        handshake = len(told.stamps)
        for number in range(1, 5 if tickets else 4):
            await told.until_read(handshake + number)
            go.release()
        transport.close()
        await told.until("lost")
    assert told.data == answer
    assert told.events == ["made", *["begun", "void"] * tickets, "begun", "data", "lost"]


@pytest.mark.parametrize("after", [0, 1, 700])
async def test_a_peer_that_breaks_off_the_handshake_is_told_as_a_reset(trust: ssl.SSLContext, after: int) -> None:
    def talk(sock: socket.socket) -> None:
        sock.recv(after) if after else None

    with peer(talk) as port:
        told = Told()
        with pytest.raises(ConnectionError):
            await dial_tls(port, told, trust)
    assert told.events == []


@pytest.mark.parametrize("way", ["cancel", "abort"])
async def test_a_handshake_can_be_given_up(trust: ssl.SSLContext, way: str) -> None:
    with peer(drain) as port:
        told, loop = Told(), asyncio.get_running_loop()
        transport = TlsTransport(loop, await connected(port), told, trust, "localhost")
        async with asyncio.TaskGroup() as tasks:
            shaking = tasks.create_task(_caught(transport))
            await asyncio.sleep(0.05)
            (shaking.cancel if way == "cancel" else transport.abort)()
        assert transport.get_extra_info("socket").fileno() == -1
    assert told.events == []


async def _caught(transport: TlsTransport) -> None:
    with suppress(ConnectionAbortedError):
        await transport.handshake()
