"""aiohttp with its own tracing, as its manual shows it."""

import ssl
import time
from types import SimpleNamespace
from typing import Any

import aiohttp

from bench.accuracy.loads import drive, work
from bench.accuracy.reading import SIZES, Reading, Readings, Target

_SIGNALS = ("request_start", "connection_create_start", "connection_create_end", "request_headers_sent", "request_end")


async def measure(target: Target) -> Readings:
    tls = ssl.create_default_context(cafile=target.authority)

    async def travel(number: int) -> list[Reading]:
        connector = aiohttp.TCPConnector(ssl=tls)
        async with aiohttp.ClientSession(connector=connector, trace_configs=[_tracing()]) as session:
            return [await _visit(session, target, number, step) for step in range(len(SIZES[0]))]

    return await drive(target.load, target.seconds, travel)


async def _visit(session: aiohttp.ClientSession, target: Target, number: int, step: int) -> Reading:
    at: dict[str, int] = {}
    async with session.get(target.url(number, step), trace_request_ctx=at) as answer:
        await answer.read()
    ended = time.perf_counter_ns()
    figures = {
        "processing": at["request_end"] - at["request_headers_sent"],
        "transfer": ended - at["request_end"],
        "total": ended - at["request_start"],
    }
    if "connection_create_end" in at:
        connect = at["connection_create_end"] - at["connection_create_start"]
        figures["connect" if target.scheme == "http" else "connect and tls"] = connect
    return Reading(number, step, figures)


def _tracing() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()
    for signal in _SIGNALS:

        async def note(session: Any, context: SimpleNamespace, parameters: Any, signal: str = signal) -> None:
            context.trace_request_ctx[signal] = time.perf_counter_ns()

        getattr(trace, f"on_{signal}").append(note)
    return trace


if __name__ == "__main__":
    work(measure)
