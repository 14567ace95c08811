"""How the steps below HTTP get to their targets: by the run's `network:`, as its requests do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.steps.base import Options, Performance
from probe.steps.http_network import route_of, unusable
from probe.wire.route import SYSTEM_TLS, Route

if TYPE_CHECKING:
    import ssl

    from probe.wire.pools import Pools


@asynccontextmanager
async def open_pools(options: Options) -> AsyncIterator["Pools"]:
    from probe.wire.pools import Pools

    pools = Pools(options.clock, options.user_agent, options.tls, options.instants, options.nameservers)
    try:
        yield pools
    finally:
        await pools.close()


def plain_way(performance: Performance) -> Route:
    """Without TLS, what is said of that means nothing."""
    return replace(route_of(None, performance), tls=SYSTEM_TLS, resume=False)


def secured_way(performance: Performance, alpn: tuple[str, ...]) -> tuple[Route, "ssl.SSLContext"]:
    """A handshake that is looked at is a whole one, never resumed. StepFailure when a file is no good."""
    from probe.wire.line import offering
    from probe.wire.trust import UnusableFileError, context_of

    route = replace(route_of(None, performance), resume=False)
    if route.tls == SYSTEM_TLS:
        return route, offering(alpn, performance.options.tls)
    try:
        return route, context_of(route.tls, alpn)
    except UnusableFileError as error:
        raise StepFailure(unusable(performance.options.network, error)) from None
