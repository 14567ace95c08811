"""A loop that stands still now and then: what the kernel stamped stays true, and what else was disturbed is marked.

The truth is a server's in threads of its own: between two instants of this process's clock it handed an answer, or part
part of it, to the kernel, which on loopback is when it arrived.
"""

import asyncio
import random
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import perf_counter_ns
from typing import NamedTuple

import pytest
import trustme

from probe.model.timing import Clock, Phase
from probe.wire.client import Client, open_client
from probe.wire.marks import Marks
from probe.wire.request import Request
from tests.wire.peers import Wrote

STALL_S = 0.3
MS = 1_000_000
THINK_S = 0.05
GAP_S = 0.02
SHORT, HALVES, HUGE = "short", "halves", "huge"
"""One segment; two of them, one after the other; more than the receive window."""
BYTES = {SHORT: 500, HALVES: 8_000, HUGE: 8_000_000}
SUSPECT_NS = 50 * MS


class Answered(NamedTuple):
    first: Wrote
    last: Wrote


class Seen(NamedTuple):
    kind: str
    marks: Marks
    truth: Answered

    @property
    def first_byte_ns(self) -> int:
        return self.marks.started_ns + self.marks.duration_ns - self.marks.phases()[Phase.TRANSFER]

    @property
    def marked_ns(self) -> int:
        return max(self.marks.uncertain_ns, self.marks.held_up_ns)


@contextmanager
def serving(tls: ssl.SSLContext | None) -> Iterator[tuple[int, dict[str, Answered]]]:
    answered: dict[str, Answered] = {}

    def talk(sock: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(sock, server_side=True) if tls else sock as connection:
            while path := connection.recv(4096).partition(b" ")[2].partition(b" ")[0].decode():
                kind = path.split("/")[1]
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BYTES[kind] + bytes(BYTES[kind])
                time.sleep(THINK_S)
                half = len(answer) // 2 if kind == HALVES else len(answer)
                first = last = _write(connection, answer[:half])
                if answer[half:]:
                    time.sleep(GAP_S)
                    last = _write(connection, answer[half:])
                answered[path] = Answered(first, last)

    def accept(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                sock, _ = listening.accept()
                sock.settimeout(30)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=talk, args=(sock,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        thread = threading.Thread(target=accept, args=(listening,))
        thread.start()
        yield listening.getsockname()[1], answered
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _write(connection: socket.socket, data: bytes) -> Wrote:
    before = perf_counter_ns()
    connection.sendall(data)
    return Wrote(before, perf_counter_ns())


@asynccontextmanager
async def stalling(chance: random.Random) -> AsyncIterator[None]:
    async def stall() -> None:
        while True:
            await asyncio.sleep(chance.uniform(0, 0.2))
            time.sleep(STALL_S)  # noqa: ASYNC251 - that is the point

    async with asyncio.TaskGroup() as tasks:
        stalls = tasks.create_task(stall())
        yield
        stalls.cancel()


async def visit(client: Client, port: int, path: str, *, tls: bool) -> Marks:
    marks = Marks(perf_counter_ns)
    await client.send(Request("GET", f"{'https://localhost' if tls else 'http://127.0.0.1'}:{port}{path}"), marks)
    return marks


async def visits(
    port: int, answered: dict[str, Answered], trust: ssl.SSLContext, kinds: list[str], *, tls: bool, at_once: int
) -> list[Seen]:
    left = iter(enumerate(kinds))
    seen: list[Seen] = []

    async def one_after_another() -> None:
        async with open_client(perf_counter_ns, "test", trust) as client:
            for number, kind in left:
                path = f"/{kind}/{number}"
                marks = await visit(client, port, path, tls=tls)
                async with asyncio.timeout(30):
                    while path not in answered:  # the server's thread has yet to write it down
                        await asyncio.sleep(0.001)
                seen.append(Seen(kind, marks, answered[path]))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(one_after_another())
    return seen


@pytest.fixture(params=[False, True], ids=["http", "https"])
def tls(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext | None:
    if not request.param:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def test_totals_stay_true_and_what_else_was_disturbed_is_marked(
    tls: ssl.SSLContext | None, trust: ssl.SSLContext
) -> None:
    chance = random.Random()
    kinds = [SHORT, HALVES, HUGE, SHORT, HALVES] * 12
    with serving(tls) as (port, answered):
        async with stalling(chance):
            seen = await visits(port, answered, trust, kinds, tls=tls is not None, at_once=6)
    assert len(seen) == len(kinds)
    for kind, marks, truth in (each for each in seen if each.marks.clock is Clock.KERNEL and each.kind != HUGE):
        assert truth.last.before_ns - MS <= (marks.ended_ns or 0) <= truth.last.after_ns + MS, kind
    early = [each for each in seen if each.marks.clock is Clock.KERNEL and each.marked_ns == 0]
    for each in early:
        assert each.truth.first.before_ns - MS <= each.first_byte_ns <= each.truth.first.after_ns + MS, each.kind
    assert {each.kind for each in early} >= {SHORT}
    assert [each for each in seen if each.kind == HUGE and each.marks.held_up_ns >= SUSPECT_NS]
    assert [each for each in seen if each.kind == HALVES and each.marks.uncertain_ns > 0]


async def test_nearly_nothing_is_marked_when_the_loop_is_idle(
    tls: ssl.SSLContext | None, trust: ssl.SSLContext
) -> None:
    kinds = [SHORT, HALVES] * 20
    with serving(tls) as (port, answered):
        seen = await visits(port, answered, trust, kinds, tls=tls is not None, at_once=1)
    marked = [each for each in seen if each.marks.clock is Clock.USER or each.marked_ns >= SUSPECT_NS]
    assert len(marked) <= len(seen) // 10
