"""Exchanges without HTTP, in the record like those with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from probe.errors import StepFailure
from probe.model.result import Exchange, Failure
from probe.steps.base import Performance

if TYPE_CHECKING:
    from probe.wire.marks import Marks
    from probe.wire.route import Route


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
        performance.exchanges.append(_exchange(method, url, marks, failure, route))


def _exchange(method: str, url: str, marks: "Marks", failure: Failure | None, route: "Route | None") -> Exchange:
    from probe.steps.http_record import tls_shown

    return Exchange(
        method=method,
        url=url,
        started_ns=marks.started_ns,
        duration_ns=marks.duration_ns,
        phases=marks.phases(),
        clock=marks.clock,
        uncertain_ns=marks.uncertain_ns,
        held_up_ns=marks.held_up_ns,
        remote=marks.remote,
        resolver=marks.resolver,
        tls=tls_shown(marks),
        received_bytes=marks.received_bytes,
        rtt_ns=marks.rtt_ns,
        min_rtt_ns=marks.min_rtt_ns,
        retransmits=marks.retransmits,
        failure=failure,
        proxy=route.proxy.name if route and route.proxy else "",
        tunnel_ns=marks.tunnel_ns,
        unverified=bool(route and route.tls.insecure),
    )
