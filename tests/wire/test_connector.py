"""The seam under aiohttp. The first tests pin what is relied on: when one fails, a new aiohttp has changed it."""

import asyncio
import inspect
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from time import perf_counter_ns
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from probe.demo.shop import Faults, Shop
from probe.model.timing import Clock, Phase
from probe.wire.connector import MarkedConnector, MarkedHandler, MarkedTransport, current_marks
from probe.wire.marks import Marks
from probe.wire.transport import StampedTransport
from tests.wire.dialling import sockets, until_sockets

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]

DELAY_S = 0.4
DELAY_NS = int(DELAY_S * 1e9)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

# Each function of aiohttp that is overridden or called, with the names of its parameters.
RELIED_ON: list[tuple[Any, list[str]]] = [
    (
        aiohttp.TCPConnector._wrap_create_connection,
        ["self", "args", "addr_infos", "req", "timeout", "client_error", "kwargs"],
    ),
    (aiohttp.TCPConnector._resolve_host, ["self", "host", "port", "traces"]),
    (aiohttp.TCPConnector.connect, ["self", "req", "traces", "timeout"]),
    (aiohttp.TCPConnector._release, ["self", "key", "protocol", "should_close"]),
    (ResponseHandler.exception, ["self"]),
    (ResponseHandler.connection_made, ["self", "transport"]),
    (ResponseHandler.data_received, ["self", "data"]),
    (ResponseHandler.pause_writing, ["self"]),
    (ResponseHandler.resume_writing, ["self"]),
    (ResponseHandler.connection_lost, ["self", "exc"]),
    (ResponseHandler.close, ["self"]),
    (ResponseHandler.abort, ["self"]),
]


@pytest.mark.parametrize(("function", "parameters"), RELIED_ON, ids=lambda each: getattr(each, "__qualname__", ""))
def test_aiohttp_has_the_functions_the_seam_takes_hold_of(function: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters, (
        f"aiohttp {aiohttp.__version__} changed {function.__qualname__}: probe/wire/connector.py has to follow"
    )


async def test_aiohttp_has_the_attributes_the_seam_takes_hold_of() -> None:
    async with aiohttp.ClientSession() as session:
        connector, handler = session.connector, ResponseHandler(asyncio.get_running_loop())
        relied_on = [
            (session, "_retry_connection"),
            *((connector, name) for name in ("_factory", "_loop", "_resolver", "_happy_eyeballs_delay", "_interleave")),
            *((handler, name) for name in ("_payload", "transport")),
        ]
        gone = [f"{type(owner).__name__}.{name}" for owner, name in relied_on if not hasattr(owner, name)]
    assert gone == [], f"aiohttp {aiohttp.__version__} no longer has them: probe/wire/ has to follow"


@pytest.mark.parametrize(("instants", "transport"), [(Clock.KERNEL, StampedTransport), (Clock.USER, MarkedTransport)])
async def test_aiohttp_makes_connections_with_the_factory_over_the_seam(
    serve: Serve, instants: Clock, transport: type
) -> None:
    async with _session(instants=instants) as session:
        await _visit(session, await serve(_answer))
        assert session.connector
        ((handler, _),) = next(iter(session.connector._conns.values()))
        assert isinstance(handler, MarkedHandler)
        assert isinstance(handler.transport, transport)


async def test_the_parts_of_an_http_exchange_are_told_apart(serve: Serve) -> None:
    async with _session() as session:
        marks = await _visit(session, await serve(_answer))
    assert list(marks.phases()) == [Phase.CONNECT, Phase.SEND, Phase.PROCESSING, Phase.TRANSFER, Phase.OTHER]
    assert (marks.remote.rpartition(":")[0], marks.reused) == ("127.0.0.1", False)


async def test_the_parts_of_an_https_exchange_are_told_apart(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    async with _session(ssl=trust) as session:
        marks = await _visit(session, await serve(_answer, identity))
    assert list(marks.phases()) == list(Phase)


@pytest.mark.parametrize("instants", Clock)
async def test_what_a_connection_agreed_on_and_carried_is_told_by_both_kinds_of_transport(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext, instants: Clock
) -> None:
    async with _session(ssl=trust, instants=instants) as session:
        marks = await _visit(session, await serve(_answer, identity))
    assert marks.tls
    assert marks.tls.version() == "TLSv1.3"
    carried = marks.traffic
    assert carried.written > len("GET / HTTP/1.1")
    if instants is Clock.USER:
        assert (carried.sent, carried.received) == (None, None)
    else:
        assert (carried.sent or 0) > carried.written
        assert (carried.received or 0) > marks.received_bytes


async def test_a_slow_handshake_is_tls_and_nothing_else() -> None:
    async with Shop(tls=True, faults=Faults(tls_delay=DELAY_S)) as shop:
        assert shop.https_url
        assert shop.ca_pem
        async with _session(ssl=ssl.create_default_context(cadata=shop.ca_pem.decode())) as session:
            marks = await _visit(session, f"{shop.https_url}/healthz")
    assert_grown(marks, Phase.TLS)


async def test_a_slow_name_is_resolve_and_nothing_else(serve: Serve) -> None:
    port = (await serve(_answer)).rpartition(":")[2]
    async with _session(resolver=SlowResolver()) as session:
        marks = await _visit(session, f"http://shop.test:{port}/")
    assert_grown(marks, Phase.RESOLVE)


async def test_a_slow_start_of_the_answer_is_processing_and_nothing_else(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(DELAY_S)
        writer.write(ANSWER)

    async with _session() as session:
        marks = await _visit(session, await serve(talk))
    assert_grown(marks, Phase.PROCESSING)


async def test_a_slow_rest_of_the_answer_is_transfer_and_nothing_else(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER[:-1])
        await asyncio.sleep(DELAY_S)
        writer.write(ANSWER[-1:])

    async with _session() as session:
        marks = await _visit(session, await serve(talk))
    assert_grown(marks, Phase.TRANSFER)


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_a_request_that_is_taken_slowly_is_send_and_nothing_else(serve: Serve) -> None:
    body = b"." * 32 * 2**20  # more than all buffers between here and there

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(4 * DELAY_S)
        left = len(body)
        while left:
            left -= len(await reader.read(2**20))
        writer.write(ANSWER)

    async with _session() as session:
        marks = await _visit(session, await serve(talk), data=body)
    phases = marks.phases()
    assert phases[Phase.SEND] >= 0.9 * 4 * DELAY_NS
    assert phases[Phase.PROCESSING] < phases[Phase.SEND] / 2


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_an_answer_to_half_a_request_ends_the_exchange(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await asyncio.sleep(3600)

    async with _session() as session, asyncio.timeout(30):
        marks = await _visit(session, await serve(talk), data=b"." * 32 * 2**20)
    assert marks.phases()[Phase.TRANSFER] >= 0


async def test_the_second_of_two_addresses_is_timed_from_its_own_attempt(serve: Serve) -> None:
    """The first one is silent: its queue is full, so that a SYN gets no answer."""
    port = int((await serve(_answer)).rpartition(":")[2])
    with socket.create_server(("127.0.0.2", port), backlog=0) as silent, ExitStack() as waiting:
        for _ in range(2):
            waiting.enter_context(_begun(silent.getsockname()))
        async with _session(resolver=SlowResolver("127.0.0.2", "127.0.0.1"), happy_eyeballs_delay=DELAY_S) as session:
            marks = await _visit(session, f"http://shop.test:{port}/")
    phases = marks.phases()
    assert (marks.remote, marks.clock) == (f"127.0.0.1:{port}", Clock.KERNEL)
    assert DELAY_NS * 0.9 <= phases[Phase.CONNECT] < DELAY_NS * 1.5
    assert phases[Phase.OTHER] < DELAY_NS


@contextmanager
def _begun(address: tuple[str, int]) -> Iterator[None]:
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(address)
        yield


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_both_families_have_the_kernels_clock(serve: Serve, host: str) -> None:
    url = await serve(_answer, host=host.strip("[]"))
    async with _session() as session:
        marks = await _visit(session, url)
    assert (marks.remote.rpartition(":")[0], marks.clock) == (host, Clock.KERNEL)
    assert marks.rtt_ns is not None
    assert marks.min_rtt_ns is not None
    assert marks.retransmits == 0


async def test_the_record_says_when_it_is_pythons_clock(serve: Serve) -> None:
    async with _session(instants=Clock.USER) as session:
        marks = await _visit(session, await serve(_answer))
    assert (marks.clock, marks.rtt_ns, marks.retransmits) == (Clock.USER, None, None)


@pytest.mark.parametrize("stage", ["connect", "handshake", "waiting", "body"])
async def test_an_exchange_that_is_cancelled_leaves_no_socket(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext, stage: str
) -> None:
    reached = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if stage == "body":
            writer.write(ANSWER[:-1])
        await asyncio.sleep(0.05)
        reached.set()
        await asyncio.sleep(3600)

    url = await serve(talk, None if stage == "handshake" else identity)
    async with _session(ssl=trust) as session, asyncio.TaskGroup() as tasks:
        before = sockets()
        visiting = tasks.create_task(_visit(session, url.replace("http://127.0.0.1", "https://localhost")))
        if stage != "connect":
            async with asyncio.timeout(30):
                await reached.wait()
        visiting.cancel()
        await asyncio.wait([visiting])
        await until_sockets(before + (stage != "connect"))  # the server's
        assert session.connector
        assert not session.connector._conns


async def test_two_hundred_exchanges_at_once_have_each_their_own_instants(
    serve: Serve, identity: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(DELAY_S)
        writer.write(ANSWER)

    urls = [await serve(talk), await serve(talk, identity)]
    before = sockets()
    async with _session(ssl=trust, limit=0) as session, asyncio.TaskGroup() as tasks:
        visits = [tasks.create_task(_visit(session, urls[number % 2])) for number in range(200)]
    marks = [visit.result() for visit in visits]
    assert {each.clock for each in marks} == {Clock.KERNEL}
    assert min(each.phases()[Phase.PROCESSING] for each in marks) >= 0.9 * DELAY_NS
    await until_sockets(before)


async def test_a_second_exchange_reuses_the_connection_and_has_no_connecting_phases(serve: Serve) -> None:
    url = await serve(_answer)
    async with _session() as session:
        first, second = await _visit(session, url), await _visit(session, url)
    assert (first.reused, second.reused, second.remote) == (False, True, first.remote)
    assert list(second.phases()) == [Phase.SEND, Phase.PROCESSING, Phase.TRANSFER, Phase.OTHER]


async def test_the_next_address_is_tried_and_its_time_added() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    async with _session(resolver=SlowResolver("127.0.0.1", "127.0.0.2")) as session:
        marks = Marks(perf_counter_ns)
        with pytest.raises(aiohttp.ClientConnectorError):
            await _visit(session, f"http://shop.test:{port}/", marks=marks)
    assert list(marks.phases()) == [Phase.RESOLVE, Phase.CONNECT, Phase.OTHER]


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.02, 0.1])
async def test_a_cancelled_handshake_leaves_no_connection(serve: Serve, trust: ssl.SSLContext, after_s: float) -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()

    url = await serve(talk)
    async with _session(ssl=trust) as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(after_s):
                await _visit(session, url.replace("http://127.0.0.1", "https://localhost"))
        if after_s >= 0.1:
            async with asyncio.timeout(30):
                await gone.wait()


async def test_a_connection_is_closed_at_once_though_the_peer_says_no_goodbye(
    identity: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    def talk_until_the_client_is_gone(listening: socket.socket) -> bool:
        with identity.wrap_socket(listening.accept()[0], server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(ANSWER)
            with socket.socket(fileno=os.dup(tls.fileno())) as below:
                below.settimeout(10)
                while below.recv(4096):
                    pass
        return True

    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with asyncio.TaskGroup() as tasks:
            gone = tasks.create_task(asyncio.to_thread(talk_until_the_client_is_gone, listening))
            async with _session(ssl=trust, force_close=True) as session:
                await _visit(session, f"https://localhost:{listening.getsockname()[1]}/")
    assert gone.result()


class SlowResolver(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses or ("127.0.0.1",)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        await asyncio.sleep(DELAY_S)
        found = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [ResolveResult(host=address, **found) for address in self.addresses]  # type: ignore[typeddict-item]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def _session(**options: Any) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=MarkedConnector(**options)) as session:
        yield session


async def _visit(
    session: aiohttp.ClientSession, url: str, *, data: bytes | None = None, marks: Marks | None = None
) -> Marks:
    marks = marks or Marks(perf_counter_ns)
    current_marks.set(marks)
    complete = False
    try:
        async with session.request("GET" if data is None else "POST", url, data=data) as response:
            await response.read()
        complete = True
    finally:
        marks.finish(complete=complete)
        assert sum(marks.phases().values()) == marks.duration_ns
        assert min(marks.phases().values()) >= 0
    return marks


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)


def assert_grown(marks: Marks, slow: Phase) -> None:
    """The slow phase has the delay in it, and no other has it too, even on a machine that is busy."""
    phases = marks.phases()
    assert phases[slow] >= 0.9 * DELAY_NS
    assert {phase: took for phase, took in phases.items() if phase is not slow and took >= DELAY_NS} == {}
