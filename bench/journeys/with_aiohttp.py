"""aiohttp as its manual says, with its own tracing and nothing else: what the library costs."""

import ssl
import time
from functools import partial

import aiohttp
import uvloop

from bench.journeys.client import CALLS, JSON, Order, order, perform, trust

_SIGNALS = (
    "request_start",
    "connection_create_start",
    "connection_create_end",
    "request_headers_sent",
    "request_chunk_sent",
    "response_chunk_received",
    "request_end",
)


async def bare(url: str, context: ssl.SSLContext, steps: int = len(CALLS)) -> None:
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector, trace_configs=[tracing()]) as session:
        for method, path, body in CALLS[:steps]:
            async with session.request(method, url + path, headers=JSON if body else None, data=body) as response:
                await response.read()
                assert response.status == 200


def tracing() -> aiohttp.TraceConfig:
    instants: list[int] = []

    async def note(session: aiohttp.ClientSession, context: object, parameters: object) -> None:
        instants.append(time.perf_counter_ns())

    trace = aiohttp.TraceConfig()
    for signal in _SIGNALS:
        getattr(trace, f"on_{signal}").append(note)
    return trace


async def main(order: Order) -> None:
    await perform(partial(bare, order.url, trust(order.ca), order.steps), order.journeys)


if __name__ == "__main__":
    uvloop.run(main(order()))
