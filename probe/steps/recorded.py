"""What an exchange leaves in the record, with HTTP or without."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.certificate import Certificate, TlsFacts
from probe.model.result import Exchange, Failure
from probe.steps.base import Performance

if TYPE_CHECKING:
    from probe.wire.marks import Marks
    from probe.wire.route import Route

MOST_CERTIFICATES = 8
"""A record keeps the first ones of a chain."""
MOST_NAMES = 20
"""Of each; a content delivery network's has a hundred."""


@asynccontextmanager
async def recorded(
    method: str, url: str, performance: Performance, route: "Route | None" = None, *, awaited: bool
) -> AsyncIterator["Marks"]:
    """The marks of an exchange, which is recorded whatever happens; `awaited` is whether an answer is waited for."""
    from probe.wire.marks import Marks

    marks = Marks(performance.options.clock)
    failure: Failure | None = None
    complete = False
    try:
        yield marks
        complete = True
    except StepFailure as error:
        failure = error.failure
        raise
    finally:
        marks.finish(complete=complete, awaited=awaited)
        performance.sent = performance.sent or marks.sent
        performance.waiting_in = marks.ended_in
        performance.exchanges.append(exchange_of(method, url, marks, failure, route))


def exchange_of(
    method: str, url: str, marks: "Marks", failure: Failure | None, route: "Route | None", **more: Any
) -> Exchange:
    """What every exchange leaves, and `more` of one with HTTP."""
    return Exchange(
        method=method,
        url=url,
        started_ns=marks.started_ns,
        duration_ns=marks.duration_ns,
        phases=marks.phases(),
        clock=marks.clock,
        uncertain_ns=marks.uncertain_ns,
        held_up_ns=marks.held_up_ns,
        reused=marks.reused,
        remote=marks.remote,
        resolver=marks.resolver,
        tls=tls_shown(marks),
        sent_bytes=marks.traffic.written,
        received_bytes=marks.received_bytes,
        wire_sent_bytes=marks.traffic.sent,
        wire_received_bytes=marks.traffic.received,
        rtt_ns=marks.rtt_ns,
        min_rtt_ns=marks.min_rtt_ns,
        retransmits=marks.retransmits,
        delivery_rate=marks.delivery_rate,
        failure=failure,
        proxy=route.proxy.name if route and route.proxy else "",
        tunnel_ns=marks.tunnel_ns,
        unverified=bool(route and route.tls.insecure and url.startswith(("https:", "tls:"))),
        **more,
    )


def tls_shown(marks: "Marks") -> TlsFacts | None:
    """None without TLS, on a reused connection, and when the server had not said anything yet."""
    if marks.tls is None:
        return None
    from probe.wire.certificate import read_tls

    facts = read_tls(marks.tls)
    if not facts.cipher and not facts.chain:
        return None
    return replace(facts, chain=tuple(map(_bounded, facts.chain[:MOST_CERTIFICATES])))


def _bounded(shown: Certificate) -> Certificate:
    return shown if len(shown.sans) <= MOST_NAMES else replace(shown, sans=shown.sans[:MOST_NAMES])
