import asyncio
from contextlib import suppress

import pytest

from probe.errors import StepFailure
from probe.model.result import Cause
from probe.steps import http
from probe.steps.base import Performance
from probe.steps.http_action import Action, Follow
from probe.wire.client import Client
from tests.steps.asking import Serve, attempt, failure, text


class Dying:
    """A server that answers one request on each connection, and closes the first one as its second request comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.connections = 0
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        first = self.connections == 1
        while True:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])
            if first and len(self.asked) > 1:
                return
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def twice(serve: Serve, session: Client, second: str, write_key: str = "") -> tuple[Dying, Performance]:
    """The second of two steps, on a kept connection that dies."""
    server = Dying()
    server.url = await serve(server.talk)
    url = text(server.url)
    await http.perform(Action(get=url), session, attempt())
    performance = attempt(write_key=write_key)
    with suppress(StepFailure):
        await http.perform(Action(method=text(second), url=url), session, performance)
    return server, performance


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_read_on_a_kept_connection_that_died_is_asked_again_for_all_to_see(
    serve: Serve, session: Client, method: str
) -> None:
    server, performance = await twice(serve, session, method)
    assert server.asked == ["GET", method, method]
    dead, answered = performance.exchanges
    assert (dead.reused, dead.status, answered.reused, answered.status) == (True, None, False, 204)
    assert dead.failure is not None
    assert (dead.failure.cause, answered.failure) == (Cause.PROTOCOL, None)


async def test_the_fresh_connection_is_kept_in_its_turn(serve: Serve, session: Client) -> None:
    server, _ = await twice(serve, session, "GET")
    performance = attempt()
    await http.perform(Action(get=text(server.url)), session, performance)
    assert [each.reused for each in performance.exchanges] == [True]


async def test_a_read_whose_own_connection_dies_is_not_asked_again(serve: Serve, session: Client) -> None:
    asked: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))

    performance = attempt()
    await failure(Action(get=text(await serve(talk))), session, performance)
    assert (len(asked), len(performance.exchanges)) == (1, 1)


async def test_a_read_that_a_write_led_to_is_never_asked_again(serve: Serve, session: Client) -> None:
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])
        writer.write(b"HTTP/1.1 303 See Other\r\nLocation: /thanks\r\nContent-Length: 0\r\n\r\n")
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])

    url = text(await serve(talk))
    await http.perform(Action(get=url), session, attempt())
    performance = attempt(write_key="key")
    await failure(Action(post=url, follow=Follow(1)), session, performance)
    assert (asked, [each.reused for each in performance.exchanges]) == (["GET", "POST", "GET"], [False, True])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PURGE"])
async def test_what_may_change_something_is_never_asked_again(serve: Serve, session: Client, method: str) -> None:
    server, performance = await twice(serve, session, method)
    assert (server.asked, len(performance.exchanges)) == (["GET", method], 1)


async def test_a_write_that_is_a_get_is_never_asked_again(serve: Serve, session: Client) -> None:
    """It takes a connection of its own, and here that one dies."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])

    asked: list[str] = []
    performance = attempt(write_key="key")
    await failure(Action(get=text(await serve(talk))), session, performance)
    assert (asked, len(performance.exchanges)) == (["GET"], 1)


async def test_nothing_is_asked_a_third_time(serve: Serve, session: Client) -> None:
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])
        if len(asked) == 1:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode().split()[0])

    action = Action(get=text(await serve(talk)))
    await http.perform(action, session, attempt())
    performance = attempt()
    found = await failure(action, session, performance)
    assert (asked, found.cause, len(performance.exchanges)) == (["GET"] * 3, Cause.PROTOCOL, 2)


async def test_a_read_whose_answer_began_is_never_asked_again(serve: Serve, session: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"H")

    action = Action(get=text(await serve(talk)))
    await http.perform(action, session, attempt())
    performance = attempt()
    await failure(action, session, performance)
    assert [(each.reused, each.received_bytes) for each in performance.exchanges] == [(True, 1)]
