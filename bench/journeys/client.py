"""The frame of a client in a process of its own: it makes so many journeys and prints what they cost it.

Of the standard library only, as `bench.cost`.
"""

import asyncio
import json
import resource
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.cost import peak_rss_mib, spent
from bench.target import CART, PAY, PRODUCT

AT_ONCE = 20
JSON = {"Content-Type": "application/json"}
CALLS: tuple[tuple[str, str, bytes | None], ...] = (
    ("GET", PRODUCT, None),
    ("POST", CART, b'{"sku": "TSHIRT-M", "quantity": 1, "csrf": "c5rf-70k3n-0123456789"}'),
    ("POST", PAY, b'{"cart": "c-1042", "card": "4242424242424242"}'),
)


class Order(NamedTuple):
    """`steps` requests of the journey on a connection of its own, `journeys` times."""

    url: str
    ca: str
    steps: int
    journeys: int


class Cost(NamedTuple):
    """Of one client: CPU microseconds per journey, and the most memory it had."""

    cpu_us: float
    peak_mib: float


def order() -> Order:
    """As the command line has it."""
    url, ca, steps, journeys = sys.argv[1:5]
    return Order(url, ca, int(steps), int(journeys))


def trust(ca: str) -> ssl.SSLContext:
    """Shared by all journeys, and it remembers no sessions: each handshake is a whole one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    return context


async def perform(journey: Callable[[], Awaitable[None]], journeys: int) -> None:
    """Once to warm up, and once for the figures."""
    await all_of(journey, 2 * AT_ONCE)
    with told(journeys):
        await all_of(journey, journeys)


async def all_of(journey: Callable[[], Awaitable[None]], journeys: int) -> None:
    left = iter(range(journeys))

    async def one_after_another() -> None:
        for _ in left:
            await journey()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_after_another())


@contextmanager
def told(journeys: int) -> Iterator[None]:
    """Prints what the block cost."""
    with spent() as cost:
        yield
    tell(Cost(cost.cpu_s / journeys * 1e6, peak_rss_mib()))


def tell(cost: Cost) -> None:
    print(json.dumps(cost))


@contextmanager
def children_told(journeys: int) -> Iterator[None]:
    """Prints what the processes cost that the block starts and waits for."""
    with spent(resource.RUSAGE_CHILDREN) as cost:
        yield
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    tell(Cost(cost.cpu_s / journeys * 1e6, peak_kib / 1024))
