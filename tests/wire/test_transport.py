import asyncio
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator

import pytest

from probe.wire.stamps import kernel_stamps
from probe.wire.transport import Traffic
from tests.wire.dialling import Told, dial, sockets, until_sockets
from tests.wire.peers import BODY, drain, peer


@pytest.fixture(autouse=True)
async def _nothing_stays_open() -> AsyncIterator[None]:
    kernel_stamps()
    before = sockets()
    yield
    await until_sockets(before)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_bytes_go_both_ways_and_what_comes_is_stamped(host: str) -> None:
    def talk(sock: socket.socket) -> None:
        sock.sendall(sock.recv(99).upper())

    with peer(talk, host) as port:
        told = Told()
        transport = await dial(port, told, host)
        before = time.time_ns()
        transport.write(b"hi")
        await told.until("lost")
    assert (bytes(told.data), told.events, told.error) == (b"HI", ["made", "data", "eof", "lost"], None)
    assert len(told.stamps) == 1
    assert told.stamps[0] is not None
    assert before <= told.stamps[0] <= time.time_ns()


async def test_it_says_who_talks_to_whom() -> None:
    with peer(drain) as port:
        transport = await dial(port, Told())
        sock = transport.get_extra_info("socket")
        assert transport.get_extra_info("peername") == ("127.0.0.1", port)
        assert transport.get_extra_info("sockname") == sock.getsockname()
        assert (transport.get_extra_info("cipher"), transport.get_extra_info("cipher", 1)) == (None, 1)
        transport.abort()


async def test_a_slow_peer_pauses_the_writer_until_it_has_taken_all() -> None:
    go, came = threading.Event(), []

    def talk(sock: socket.socket) -> None:
        go.wait(30)
        came.append(drain(sock))

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        transport.write(BODY)
        assert told.events == ["made", "pause"]
        low, high = transport.get_write_buffer_limits()
        assert low < high < transport.get_write_buffer_size() < len(BODY)
        go.set()
        await told.until("resume")
        assert transport.get_write_buffer_size() <= low
        transport.close()
        await told.until("lost")
    assert came == [BODY]


async def test_what_is_written_piece_by_piece_arrives_in_order() -> None:
    came: list[bytes] = []
    with peer(lambda sock: came.append(drain(sock))) as port:
        told = Told()
        transport = await dial(port, told)
        for start in range(0, len(BODY), 300_000):
            transport.write(memoryview(BODY)[start : start + 300_000])
        transport.writelines([b"the ", bytearray(b"end")])
        transport.close()
        transport.write(b"too late")
        await told.until("lost")
    assert came == [BODY + b"the end"]


async def test_a_reader_that_pauses_holds_the_peer_up_and_loses_nothing() -> None:
    sent = threading.Event()

    def talk(sock: socket.socket) -> None:
        sock.sendall(BODY)
        sent.set()

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        await told.until("data")
        transport.pause_reading()
        transport.pause_reading()
        held = len(told.data)
        await asyncio.sleep(0.2)
        assert (len(told.data), transport.is_reading(), sent.is_set()) == (held, False, False)
        transport.resume_reading()
        assert transport.is_reading()
        await told.until("lost")
    assert told.data == BODY


async def test_the_peer_may_go_on_after_we_said_all() -> None:
    def talk(sock: socket.socket) -> None:
        sock.sendall(b"%d" % len(drain(sock)))

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        transport.write(BODY)
        assert transport.can_write_eof()
        transport.write_eof()
        transport.write_eof()
        with pytest.raises(RuntimeError, match="after write_eof"):
            transport.write(b"more")
        await told.until("lost")
    assert told.data == b"%d" % len(BODY)


async def test_we_may_go_on_after_the_peer_said_all() -> None:
    came: list[bytes] = []

    def talk(sock: socket.socket) -> None:
        sock.shutdown(socket.SHUT_WR)
        came.append(drain(sock))

    with peer(talk) as port:
        told = Told(keep_open=True)
        transport = await dial(port, told)
        await told.until("eof")
        transport.pause_reading()
        transport.resume_reading()
        transport.write(b"after all")
        await asyncio.sleep(0.05)
        assert told.events == ["made", "eof"]
        transport.close()
        await told.until("lost")
    assert came == [b"after all"]


async def test_an_aborted_connection_is_closed_at_once_and_tells_its_protocol_afterwards() -> None:
    go = threading.Event()
    with peer(lambda _: go.wait(30)) as port:
        told = Told()
        transport = await dial(port, told)
        transport.write(BODY)
        transport.abort()
        assert (transport.get_extra_info("socket").fileno(), told.events) == (-1, ["made", "pause"])
        assert transport.is_closing()
        assert transport.tcp_info() is not None
        transport.abort()
        transport.close()
        transport.write_eof()
        transport.write(b"nothing")
        await told.until("lost")
        go.set()
    assert told.events.count("lost") == 1


async def test_a_protocol_may_give_up_when_it_is_told_that_all_is_sent() -> None:
    go = threading.Event()
    with peer(lambda sock: go.wait(30) and drain(sock)) as port:
        told = Told()
        transport = await dial(port, told)
        transport.set_write_buffer_limits(high=1, low=0)
        told.when["resume"] = transport.abort
        transport.write(BODY)
        go.set()
        await told.until("lost")
    assert told.events == ["made", "pause", "resume", "lost"]


async def test_a_reset_is_told_as_one() -> None:
    def talk(sock: socket.socket) -> None:
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with peer(talk) as port:
        told = Told()
        (await dial(port, told)).write(b"x")
        await told.until("lost")
    assert isinstance(told.error, ConnectionResetError)


@pytest.mark.parametrize("size", [10_000, 100_000])
async def test_what_came_before_a_reset_is_told_and_then_the_reset(size: int) -> None:
    """Of both the loop hears at once, and uvloop only once."""
    made, gone = threading.Event(), threading.Event()

    def talk(sock: socket.socket) -> None:
        sock.sendall(BODY[:size])
        made.wait(30)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        gone.set()

    with peer(talk) as port:
        told = Told()
        await dial(port, told)
        made.set()
        gone.wait(30)
        await told.until("lost")
    assert told.data == BODY[:size]
    assert isinstance(told.error, ConnectionResetError)


async def test_an_answer_before_a_reset_is_told_though_writing_was_what_failed() -> None:
    made, gone = threading.Event(), threading.Event()

    def talk(sock: socket.socket) -> None:
        made.wait(30)
        sock.sendall(b"no")
        sock.close()  # with unread bytes: a reset
        gone.set()

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        transport.write(b"may I?")
        made.set()
        gone.wait(30)
        transport.write(b"may I go on?")
        transport.write(b"or not?")
        await told.until("lost")
    assert (bytes(told.data), told.events) == (b"no", ["made", "data", "lost"])
    assert isinstance(told.error, ConnectionError)


@pytest.mark.parametrize("event", ["sending", "sent_some"])
async def test_a_protocol_that_breaks_while_bytes_leave_sends_none_twice(event: str) -> None:
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context["exception"]))
    go, came = threading.Event(), []

    def talk(sock: socket.socket) -> None:
        go.wait(30)
        came.append(drain(sock))

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        transport.write(BODY)
        told.breaks_in = event
        go.set()
        await told.until("lost")
    assert (broken, came[0]) == ([told.error], BODY[: len(came[0])])


async def test_writing_to_a_peer_that_is_gone_is_told_as_an_error() -> None:
    with peer(lambda sock: sock.shutdown(socket.SHUT_RDWR)) as port:
        told = Told(keep_open=True)
        transport = await dial(port, told)
        await told.until("eof")
        async with asyncio.timeout(30):
            while "lost" not in told.events:
                transport.write(b"x")
                await asyncio.sleep(0.01)
    assert isinstance(told.error, ConnectionError)


@pytest.mark.parametrize("last", [b"", b"I do not want that", BODY[:50_000]], ids=["nothing", "words", "a lot"])
async def test_what_the_peer_said_before_it_went_is_read_though_writing_failed_first(last: bytes) -> None:
    gone = threading.Event()

    def talk(sock: socket.socket) -> None:
        sock.recv(1)
        sock.sendall(last)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        gone.set()

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        transport.pause_reading()  # so that it is writing that hears of it first
        transport.write(b"x")
        await asyncio.to_thread(gone.wait)
        transport.write(b"x")
        transport.write(b"x")
        transport.resume_reading()
        await told.until("lost")
    assert bytes(told.data) == last
    assert transport.lost_by() is told.error
    assert isinstance(told.error, ConnectionResetError)


@pytest.mark.parametrize("event", ["data", "eof", "pause"])
async def test_a_protocol_that_breaks_loses_its_connection_and_nothing_else(event: str) -> None:
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context["exception"]))

    go = threading.Event()

    def talk(sock: socket.socket) -> None:
        sock.sendall(b"hi")
        sock.shutdown(socket.SHUT_WR)
        go.wait(30)

    with peer(talk) as port:
        told = Told(breaks_in=event, keep_open=True)
        transport = await dial(port, told)
        transport.write(BODY)
        await told.until("lost")
        go.set()
    assert (broken, told.events.count("lost")) == ([told.error], 1)
    assert isinstance(told.error, ZeroDivisionError)


async def test_a_protocol_that_breaks_when_it_is_made_has_no_connection() -> None:
    told = Told(breaks_in="made")
    with peer(drain) as port, pytest.raises(ZeroDivisionError):
        await dial(port, told)
    await told.until("lost")


async def test_what_cannot_be_written_is_a_mistake_of_the_caller() -> None:
    with peer(drain) as port:
        transport = await dial(port, Told())
        with pytest.raises(TypeError, match="got str"):
            transport.write("text")
        with pytest.raises(ValueError, match="high 1 and low 2"):
            transport.set_write_buffer_limits(high=1, low=2)
        transport.set_write_buffer_limits(low=5)
        assert transport.get_write_buffer_limits() == (5, 20)
        transport.abort()


async def test_another_protocol_may_take_over() -> None:
    with peer(drain) as port:
        first, second = Told(), Told()
        transport = await dial(port, first)
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        transport.abort()
        await second.until("lost")
    assert first.events == ["made"]


async def test_what_it_carries_is_counted_as_the_kernel_takes_it() -> None:
    go = threading.Event()

    def talk(sock: socket.socket) -> None:
        sock.sendall(b"hello")
        go.wait(30)
        drain(sock)

    with peer(talk) as port:
        told = Told()
        transport = await dial(port, told)
        await told.until_came(5)
        transport.write(BODY)
        waiting = transport.traffic()
        assert (waiting.written, waiting.received) == (len(BODY), 5)
        assert (waiting.sent or 0) + transport.get_write_buffer_size() == len(BODY)
        go.set()
        transport.close()
        await told.until("lost")
    assert transport.traffic() == Traffic(len(BODY), len(BODY), 5)
