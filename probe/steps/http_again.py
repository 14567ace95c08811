"""A second request in place of one that nobody heard: what clients do, for all to see."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from probe.errors import StepFailure
from probe.model.result import Cause, Exchange
from probe.steps.base import Performance

if TYPE_CHECKING:
    from probe.wire.client import Answer
    from probe.wire.request import Request

_SAFE = ("GET", "HEAD", "OPTIONS")
"""The methods that change nothing at the shop (RFC 9110 §9.2.1)."""


async def again_if_unheard(
    exchange: "Callable[[], Awaitable[Answer]]", request: "Request", performance: Performance
) -> "Answer":
    """What the exchange gives; a read whose kept connection turned out dead is made once more.

    That one takes a fresh connection: requests follow one another, so that no more than one is kept for an origin.
    """
    try:
        return await exchange()
    except StepFailure:
        if request.method not in _SAFE or performance.write_key or not _died_unheard(performance.exchanges[-1]):
            raise
    return await exchange()


def _died_unheard(exchange: Exchange) -> bool:
    """Whether a kept connection ended before a byte of an answer came (RFC 9112 §9.3.1)."""
    lost = exchange.failure is not None and exchange.failure.cause is Cause.PROTOCOL
    return lost and exchange.reused and not exchange.received_bytes
