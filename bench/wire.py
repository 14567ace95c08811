"""What the wire costs: CPU per journey of three requests on a connection of its own, 20 journeys at once.

The kernel's clock, Python's clock and a bare aiohttp with TraceConfig, side by side in one run: rounds are interleaved,
medians taken, and the ratios to aiohttp are the figures to compare. Server and client have a processor each, if there
are two. `PROBE_BENCH_JOURNEYS` says how many journeys a round has.
"""

import asyncio
import gc
import os
import resource
import ssl
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import trustme
import uvloop

from probe.model.timing import Clock
from probe.wire.client import Request, open_client
from probe.wire.marks import Marks

ROUNDS = 7
JOURNEYS = int(os.environ.get("PROBE_BENCH_JOURNEYS", "1000"))
AT_ONCE = 20
PAGE = b"x" * 20_000
BODY = b'{"sku": "TSHIRT-M", "quantity": 1}'
HEADERS = {"Content-Type": "application/json"}
STEPS = (("GET", None), ("POST", BODY), ("POST", BODY))

Journey = Callable[[str, ssl.SSLContext], Awaitable[None]]


class Shop(asyncio.Protocol):
    """Answers each request at once; cheaper than any client, so that it is no limit."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.came = b""

    def data_received(self, data: bytes) -> None:
        self.came += data
        if self.came.startswith(b"GET") and self.came.endswith(b"\r\n\r\n"):
            self.answer(PAGE)
        elif self.came.startswith(b"POST") and self.came.endswith(BODY):
            self.answer(b'{"ok": true}')

    def answer(self, body: bytes) -> None:
        self.came = b""
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def serve(identity: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity)
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Shop, "127.0.0.1", 0, ssl=tls) for tls in (None, context)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until the client is gone


def over(clock: Clock) -> Journey:
    async def journey(url: str, trust: ssl.SSLContext) -> None:
        async with open_client(time.perf_counter_ns, "bench", trust, clock) as client:
            for method, body in STEPS:
                marks = Marks(time.perf_counter_ns)
                await client.send(Request(method, url, HEADERS, body), marks)
                marks.phases()

    return journey


async def bare(url: str, trust: ssl.SSLContext) -> None:
    """aiohttp as its manual says, with its own tracing."""
    instants: list[int] = []

    async def note(session: aiohttp.ClientSession, context: object, parameters: object) -> None:
        instants.append(time.perf_counter_ns())

    trace = aiohttp.TraceConfig()
    for signal in ("request_start", "connection_create_start", "connection_create_end", "request_headers_sent"):
        getattr(trace, f"on_{signal}").append(note)
    for signal in ("request_chunk_sent", "response_chunk_received", "request_end"):
        getattr(trace, f"on_{signal}").append(note)
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(connector=connector, trace_configs=[trace]) as session:
        for method, body in STEPS:
            async with session.request(method, url, headers=HEADERS, data=body) as response:
                await response.read()


WAYS: dict[str, Journey] = {
    "aiohttp with TraceConfig": bare,
    "kernel's clock": over(Clock.KERNEL),
    "Python's clock": over(Clock.USER),
}


async def cpu_us(journey: Journey, url: str, trust: ssl.SSLContext) -> float:
    """CPU microseconds per journey, user and system."""
    left = iter(range(JOURNEYS))

    async def one_after_another() -> None:
        for _ in left:
            await journey(url, trust)

    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_another())
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / JOURNEYS * 1e6


async def main() -> None:
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    with TemporaryDirectory() as folder:
        identity = Path(folder, "identity.pem")
        authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).private_key_and_cert_chain_pem.write_to_path(
            identity
        )
        server = await asyncio.create_subprocess_exec(
            sys.executable, __file__, str(identity), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert server.stdout
        assert server.stdin
        plain, secured = (await server.stdout.readline()).split()
        pin(server.pid, 0)
        pin(0, -1)
        await compare("HTTP", f"http://127.0.0.1:{plain.decode()}/", trust)
        await compare("HTTPS", f"https://127.0.0.1:{secured.decode()}/", trust)
        server.stdin.close()
        await server.wait()


async def compare(name: str, url: str, trust: ssl.SSLContext) -> None:
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, journey in WAYS.items():
            found[way].append(await cpu_us(journey, url, trust))
    floor = statistics.median(found["aiohttp with TraceConfig"])
    for way, costs in found.items():
        cost = statistics.median(costs)
        spread = f"{min(costs):.0f}-{max(costs):.0f}"
        print(f"{name:5} {way:25} {cost:6.0f} µs of CPU per journey ({spread}), {cost / floor:.2f} ×", flush=True)


def pin(process: int, which: int) -> None:
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        os.sched_setaffinity(process, {processors[which]})


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]) if len(sys.argv) > 1 else main())
