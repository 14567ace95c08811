"""A TCP connection, and a few words over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from probe.model.observation import Observation, Seen, decode_body
from probe.model.template import Text
from probe.steps.base import TIME_LIMIT, Options, Performance
from probe.steps.guard import guard, refuse_by_name
from probe.steps.host_port import host_port, reject_host_port
from probe.steps.recorded import recorded

if TYPE_CHECKING:
    from probe.wire.pools import Pools

DESCRIPTION = "A TCP connection, and a few words over it."
SHOWS = frozenset({Seen.TEXT, Seen.PHASES})


class Action(Struct, frozen=True):
    connect: Annotated[Text, Meta(description="Where to, `host:port`.")]
    send: Annotated[Text | None, Meta(description="Sent as it is; a line ends where the text says `\\r\\n`.")] = None
    until: Annotated[
        Text | None, Meta(description="Read until this came; without `send` the other side speaks first.")
    ] = None

    def __post_init__(self) -> None:
        reject_host_port(self.connect, "connect")


def time_limit(action: Action) -> int:
    return TIME_LIMIT


@asynccontextmanager
async def open_session(options: Options) -> AsyncIterator["Pools"]:
    from probe.steps.way import open_pools

    async with open_pools(options) as pools:
        yield pools


async def perform(action: Action, session: "Pools", performance: Performance) -> Observation:
    from probe.steps.way import plain_way
    from probe.wire.line import open_line

    address = host_port(action.connect, performance)
    sent = "" if action.send is None else performance.text(action.send)
    wanted = "" if action.until is None else performance.text(action.until)
    route = plain_way(performance)
    way = route.hosts_on_the_way(address.host, address.port)
    guard(address.host, lambda _: (sent,), performance, action.connect.place, way)
    refuse_by_name(address.host, action.send, performance, action.connect.place)
    connector = session.connector(route, fresh=True)
    url, came = f"tcp://{address}", bytearray()
    try:
        async with (
            recorded("TCP", url, performance, route, awaited=bool(wanted)) as marks,
            open_line(connector, address, marks) as line,
        ):
            came = line.came
            if sent:
                await line.send(sent.encode())
            elif wanted:
                marks.listening()
            if wanted:
                await line.read_until(wanted.encode())
    finally:
        performance.came = decode_body(bytes(came), "utf-8")
    (exchange,) = performance.exchanges
    ended = exchange.started_ns + exchange.duration_ns
    return Observation(exchange.started_ns, ended, exchange.phases, text=performance.came)
