import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from urllib.parse import urlsplit

import pytest
import uvloop

from probe.demo.distance import Distance, keep_apart, parse_distance

FAR = 0.2
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def test_a_distance_is_read_as_it_is_written() -> None:
    assert parse_distance("us-east-1=4ms") == Distance("us-east-1", 0.004)
    assert parse_distance("eu-west-1=9.5ms,tls=150ms") == Distance("eu-west-1", 0.0095, 0.15)
    assert parse_distance("eu-west-1=9ms,tls=150ms,after=30s") == Distance("eu-west-1", 0.009, 0.15, 30)


@pytest.mark.parametrize(
    "text", ["", "eu", "eu=", "eu=9", "=9ms", "eu=-9ms", "eu=9ms,tls=", "eu=9ms,9ms", "eu=٣ms", "eu=9ms,after=3s"]
)
def test_another_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected REGION=9ms or REGION=9ms,tls=150ms,after=30s, got "):
        parse_distance(text)


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_word_and_its_answer_each_take_the_way_once(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def ask() -> float:
        async with _far_from(_echo, Distance("far", FAR)) as (reader, writer):
            return await _exchange(reader, writer)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        took = runner.run(ask())
    assert 2 * FAR <= took < 3 * FAR


async def test_only_the_first_answer_of_a_connection_takes_longer() -> None:
    async with _far_from(_echo, Distance("slow", 0, tls=FAR)) as (reader, writer):
        first, second = await _exchange(reader, writer), await _exchange(reader, writer)
    assert second < FAR <= first


async def test_before_its_time_no_answer_takes_longer() -> None:
    async with _far_from(_echo, Distance("slow", 0, tls=FAR, after=3600)) as (reader, writer):
        assert await _exchange(reader, writer) < FAR


async def test_what_follows_a_late_first_answer_does_not_overtake_it() -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(20):
            writer.write(b"%d " % number)
            await asyncio.sleep(FAR / 40)
        writer.write_eof()

    async with _far_from(count, Distance("slow", FAR / 10, tls=FAR)) as (reader, _):
        assert await reader.read() == b"".join(b"%d " % number for number in range(20))


async def test_distance_does_not_lower_the_bandwidth() -> None:
    """Each chunk waiting for the one before to arrive would take hundreds of delays instead of one each way."""
    sent = bytes(range(256)) * 2**15

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.write_eof()

    began = monotonic()
    async with _far_from(pour, Distance("far", FAR)) as (reader, _):
        arrived = await reader.read()
    assert arrived == sent
    assert monotonic() - began < 20 * FAR


async def test_a_reader_who_stops_reading_stops_the_writer() -> None:
    poured = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal poured
        while True:
            writer.write(bytes(2**16))
            await writer.drain()
            poured += 2**16

    async with _far_from(pour, Distance("far", 0)):
        before = -1
        while before < poured:
            before = poured
            await asyncio.sleep(0.2)
    assert 0 < poured < 2**26


async def test_the_end_of_one_direction_leaves_the_other_open() -> None:
    async def answer_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read() + b" and more")
        writer.write_eof()

    async with _far_from(answer_at_the_end, Distance("far", FAR / 10)) as (reader, writer):
        writer.write(b"all")
        writer.write_eof()
        assert await reader.read() == b"all and more"


async def test_a_reset_arrives_as_one_behind_what_was_sent_before() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half a wo")
        _reset(writer)

    async with _far_from(reset, Distance("far", FAR / 4)) as (reader, _):
        assert await reader.readexactly(9) == b"half a wo"
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)


async def test_a_client_that_resets_is_noticed_by_the_shop() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        except ConnectionResetError:
            noticed.set()

    noticed = asyncio.Event()
    async with _far_from(listen, Distance("far", 0)) as (_, writer):
        _reset(writer)
        async with asyncio.timeout(30):
            await noticed.wait()


async def test_a_shop_that_is_not_there_resets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with _relay(port, Distance("far", 0)) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.read()


def _reset(writer: asyncio.StreamWriter) -> None:
    end: socket.socket = writer.get_extra_info("socket")
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while word := await reader.read(100):
        writer.write(word)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    began = monotonic()
    writer.write(b"word")
    assert await reader.readexactly(4) == b"word"
    return monotonic() - began


@asynccontextmanager
async def _far_from(talk: Talk, distance: Distance) -> AsyncIterator[Ends]:
    """A connection to a server that talks so, over the distance."""

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(writer)
        try:
            await talk(reader, writer)
        except OSError:
            writer.transport.abort()

    talks: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server, _relay(server.sockets[0].getsockname()[1], distance) as ends:
        yield ends
        for writer in talks:
            writer.transport.abort()


@asynccontextmanager
async def _relay(port: int, distance: Distance) -> AsyncIterator[Ends]:
    async with asyncio.timeout(60), keep_apart(port, [distance]) as urls:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(urls[distance.region]).port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
