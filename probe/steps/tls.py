"""A TLS handshake, and what the server showed in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from probe.model.observation import Observation, Seen
from probe.model.template import Text
from probe.steps.base import TIME_LIMIT, Options, Performance
from probe.steps.guard import guard
from probe.steps.host_port import host_port, reject_host_port
from probe.steps.recorded import recorded

if TYPE_CHECKING:
    from probe.wire.pools import Pools

DESCRIPTION = "A TLS handshake, and the certificates a server shows in it."
SHOWS = frozenset({Seen.CERTIFICATE, Seen.PHASES})


class Action(Struct, frozen=True):
    connect: Annotated[Text, Meta(description="Where to, `host:port`.")]
    server_name: Annotated[
        Text | None, Meta(description="The name to ask for and to find in the certificate; the host unless said.")
    ] = None
    alpn: Annotated[tuple[str, ...], Meta(description="Protocols to offer, the best first: [h2, http/1.1].")] = ()

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
    from probe.steps.way import secured_way
    from probe.wire.line import open_line

    address = host_port(action.connect, performance)
    name = None if action.server_name is None else performance.text(action.server_name)
    route, context = secured_way(performance, action.alpn)
    way = route.hosts_on_the_way(address.host, address.port)
    guard(address.host, lambda _: (name or "",), performance, action.connect.place, way)
    connector = session.connector(route, fresh=True)
    async with (
        recorded("TLS", f"tls://{address}", performance, route, awaited=False) as marks,
        open_line(connector, address, marks, context, name) as line,
    ):
        facts = line.tls
    (exchange,) = performance.exchanges
    ended = exchange.started_ns + exchange.duration_ns
    now = performance.options.now()
    return Observation(exchange.started_ns, ended, exchange.phases, tls=facts, seen_at=now)
