import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter_ns

import pytest
import trustme

from probe.errors import StepFailure
from probe.model.address import Address, parse_address
from probe.model.result import Cause
from probe.model.timing import Clock
from probe.wire.connector import MarkedConnector
from probe.wire.line import Line, offering, open_line
from probe.wire.marks import Marks
from probe.wire.pools import Pools
from probe.wire.stamps import kernel_stamps
from tests.conftest import Serve
from tests.wire.dialling import sockets, until_sockets


@asynccontextmanager
async def open_connector(instants: Clock = Clock.KERNEL) -> AsyncIterator[MarkedConnector]:
    pools = Pools(perf_counter_ns, "probe/test", None, instants, ())
    yield pools.connector(fresh=True)
    await pools.close()


@asynccontextmanager
async def opened(address: Address) -> AsyncIterator[Line]:
    connector = open_connector()
    async with connector as opened, open_line(opened, address, Marks(perf_counter_ns)) as line:
        yield line


@pytest.fixture(autouse=True)
def _stamps_are_on() -> None:
    kernel_stamps()  # whose socket stays open


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("clock", list(Clock))
async def test_no_line_is_used_twice_and_none_is_left_open(serve: Serve, clock: Clock) -> None:
    address = parse_address((await serve(silent)).removeprefix("http://"))
    before = sockets()
    async with open_connector(clock) as connector:
        for _ in range(3):
            marks = Marks(perf_counter_ns)
            async with open_line(connector, address, marks):
                assert not marks.reused
    await until_sockets(before)


async def test_a_line_that_is_given_up_is_closed(serve: Serve) -> None:
    address = parse_address((await serve(silent)).removeprefix("http://"))
    before = sockets()

    async def wait_for(line: Line) -> None:
        async with asyncio.timeout(0.1):
            await line.read_until(b"220")

    async with open_connector() as connector:
        with pytest.raises(TimeoutError):
            async with open_line(connector, address, Marks(perf_counter_ns)) as line:
                await wait_for(line)
    await until_sockets(before)


async def test_more_than_the_kernel_takes_at_once_is_sent(serve: Serve) -> None:
    data, came = b"x" * 3_000_000, bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(came) < len(data):
            came.extend(await reader.read(2**16))
        writer.write(b"thanks")

    address = parse_address((await serve(talk)).removeprefix("http://"))
    async with opened(address) as line:
        await line.send(data)
        await line.read_until(b"thanks")
    assert came == data


async def test_a_text_is_found_wherever_it_was_cut(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"220 ready, and more":
            writer.write(bytes([byte]))
            await writer.drain()
        await reader.read()

    address = parse_address((await serve(talk)).removeprefix("http://"))
    async with opened(address) as line:
        await line.read_until(b"ready")
        assert bytes(line.came).startswith(b"220 ready")


async def test_tls_is_what_the_context_says(serve: Serve, identity: ssl.SSLContext, authority: trustme.CA) -> None:
    address = parse_address((await serve(silent, identity)).removeprefix("https://"))
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    async with open_connector() as connector:
        async with open_line(connector, address, Marks(perf_counter_ns), offering((), trust)) as line:
            assert line.tls.chain[0].sans == ("localhost",)
        with pytest.raises(StepFailure) as raised:
            async with open_line(connector, address, Marks(perf_counter_ns), offering((), None)):
                raise AssertionError
    assert raised.value.failure.cause is Cause.TLS


def test_a_context_is_made_once() -> None:
    assert offering(("h2",), None) is offering(("h2",), None)
    assert offering(("h2",), None) is not offering((), None)
