"""What tests of HTTP steps ask with."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from json import loads
from random import Random
from time import perf_counter_ns
from typing import Any

import pytest

from probe.errors import StepFailure
from probe.evaluate.scope import Scope
from probe.evaluate.template import parse_text
from probe.model.place import Place
from probe.model.result import Failure
from probe.model.template import Text
from probe.steps import http
from probe.steps.base import Options, Performance
from probe.steps.http_action import Action
from probe.wire.client import Client

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


Serve = Callable[..., Awaitable[str]]


PLACE = Place("journey.yaml", 3, 5, 9, "text")


OPTIONS = Options(clock=perf_counter_ns, user_agent="probe/test")


def text(text: str) -> Text:
    return parse_text(text, PLACE)


def attempt(options: Options = OPTIONS, write_key: str = "") -> Performance:
    return Performance(Scope({}, lambda: datetime.now(UTC), Random(0)), options, write_key)


async def failure(action: Action, session: Client, performance: Performance) -> Failure:
    with pytest.raises(StepFailure) as raised:
        await http.perform(action, session, performance)
    return raised.value.failure


async def echoed(action: Action, session: Client, write_key: str = "") -> dict[str, Any]:
    """What the shop says it was sent; headers in lower case."""
    seen = await http.perform(action, session, attempt(write_key=write_key))
    assert seen.response
    answer: dict[str, Any] = loads(seen.response.text)
    return {**answer, "headers": {name.lower(): value for name, value in answer["headers"]}}


class Redirecting:
    """A server that redirects whatever comes to /from, and remembers what it was asked."""

    def __init__(self, status: int, location: str = "/to") -> None:
        self.status = status
        self.location = location
        self.asked: list[tuple[str, str, bytes]] = []
        self.heads: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
            method, path, _ = head.decode().split(" ", 2)
            self.asked.append((method, path, await reader.readexactly(length)))
            self.heads.append(head)
            away = f"HTTP/1.1 {self.status} Away\r\nLocation: {self.location}\r\nContent-Length: 0\r\n\r\n".encode()
            writer.write(away if path == "/from" else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
