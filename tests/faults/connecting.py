"""Connections that are not made."""

import asyncio
import socket

from probe.model.result import Cause
from tests.faults.row import ASKED, BRIEF, CONNECTING, Ground, Row, Scene, Where, at, reset


def refused(host: str = "127.0.0.1") -> Scene:
    async def scene(ground: Ground) -> Where:
        """Bound and not listening: nobody else can answer there."""
        deaf = ground.stack.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
        deaf.bind((host, 0))
        port = deaf.getsockname()[1]
        return Where(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    return scene


async def full(ground: Ground) -> Where:
    """A queue in which nobody gets a place: packets to it are dropped."""
    listening = ground.stack.enter_context(socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    for _ in range(3):
        waiting = ground.stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listening.getsockname())
    return Where(f"http://127.0.0.1:{listening.getsockname()[1]}")


async def unheard(ground: Ground) -> Where:
    """Connected by the kernel, and nobody ever asks for the connection."""
    listening = ground.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    return Where(f"http://127.0.0.1:{listening.getsockname()[1]}")


async def reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


CONNECT, TIMEOUT = Cause.CONNECT, Cause.TIMEOUT
ROWS = [
    Row("refused", refused(), CONNECT, "connection refused by {host}", CONNECTING),
    Row("refused by an IPv6 address", refused("::1"), CONNECT, "connection refused by {host}", CONNECTING),
    Row("packets dropped", full, TIMEOUT, "no answer within {limit}: the time ran out in connect", CONNECTING, [BRIEF]),
    Row(
        "an address that cannot be reached",
        at("http://224.0.0.1:80"),
        CONNECT,
        "no network towards {host}",
        CONNECTING,
    ),
    Row("the address of everybody", at("http://255.255.255.255:80"), CONNECT, "no network towards {host}", CONNECTING),
    Row(
        "an IPv6 address that cannot be reached",
        at("http://[ff02::1]:80"),
        CONNECT,
        "no network towards {host}",
        CONNECTING,
    ),
    Row(
        "a server that accepts nobody",
        unheard,
        TIMEOUT,
        "no answer within {limit}: the time ran out in processing",
        ASKED,
        [BRIEF],
    ),
]
