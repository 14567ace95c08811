"""`all_addresses`: the same request to every address a name resolves to, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.duration import format_duration
from probe.model.observation import Observation
from probe.model.place import Place
from probe.model.result import Cause, Failure, Role, of_addresses, timed
from probe.model.timing import add_phases
from probe.steps.base import Performance, script_failure

if TYPE_CHECKING:
    from probe.wire.client import Client
    from probe.wire.marks import Marks
    from probe.wire.request import Request
    from probe.wire.route import Route

Visit = Callable[["Route", "Marks | None"], Awaitable[Observation]]

_SHARE = 0.9
"""Of the time that is left, so that the last address runs out of its own before the step does."""


async def at_every_address(
    request: "Request", session: "Client", performance: Performance, route: "Route", place: Place, visit: Visit
) -> Observation:
    """One observation for each, and one of all of them together; StepFailure when one address gave no answer.

    The name is looked up in the first exchange. Each address has its share of the time: a dead one takes no other's.
    """
    host, marks, addresses = await _look_up(request, session, performance, route, place)
    seen: list[Observation] = []
    failures: list[tuple[str, Failure]] = []
    for index, address in enumerate(addresses):
        share_ns = _share_of(performance, len(addresses) - index)
        try:
            async with asyncio.timeout(None if share_ns is None else share_ns / 1e9):
                observed = await visit(route.pinned(host, address), None if index else marks)
        except TimeoutError:
            failures.append((address, _timed_out(share_ns or 0, performance)))
        except StepFailure as error:
            failures.append((address, error.failure))
        else:
            seen.append(replace(observed, address=address))
    if failures:
        message = of_addresses(failures, len(addresses))
        raise StepFailure(replace(failures[0][1], message=message))
    return _together(seen, performance)


async def _look_up(
    request: "Request", session: "Client", performance: Performance, route: "Route", place: Place
) -> "tuple[str, Marks, tuple[str, ...]]":
    """The name that is looked up, the marks of the exchange that does, and what it found."""
    from yarl import URL

    from probe.steps.http_record import record
    from probe.wire.marks import Marks
    from probe.wire.received import Received

    if route.proxy is not None or route.unix_socket:
        key = "proxy" if route.proxy is not None else "unix_socket"
        hint = f'network: {{{key}: ""}} takes it back for this step'
        raise script_failure(f"all_addresses does not go with {key}: no address is chosen here then", place, hint)
    url = URL(request.url)
    host, _ = route.towards(url.raw_host or "", url.port or 0)
    marks, failure = Marks(performance.options.clock), None
    try:
        return host, marks, await session.addresses(request.url, marks, route)
    except StepFailure as error:
        failure = error.failure
        raise
    finally:
        if failure is not None or asyncio.current_task().cancelling():  # type: ignore[union-attr]
            marks.finish(complete=False)
            performance.waiting_in = marks.ended_in
            performance.exchanges.append(record(request, marks, Received(), failure, route, Role.REQUEST, whole=False))


def _share_of(performance: Performance, left: int) -> int | None:
    if performance.deadline_ns is None:
        return None
    return int(max(performance.deadline_ns - performance.options.clock(), 0) * _SHARE / left)


def _timed_out(share_ns: int, performance: Performance) -> Failure:
    share = f"{format_duration(share_ns)}, its share of the time"
    return Failure(Cause.TIMEOUT, f"no answer within {share}: it ran out in {performance.waiting_in}")


def _together(seen: list[Observation], performance: Performance) -> Observation:
    exchanges = timed(performance.exchanges)
    started, ended = exchanges[0].started_ns, exchanges[-1].started_ns + exchanges[-1].duration_ns
    phases = add_phases((each.phases for each in exchanges), ended - started)
    return replace(seen[-1], started_ns=started, ended_ns=ended, phases=phases, address="", each=tuple(seen))
