"""Every way to misbehave that we know of, against real sockets: each journey ends in its time, with the right cause, a
message for a person and the phases that were reached.

Rows of a batch run side by side; those that only time ends are a batch of their own, and the greedy ones run alone.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from probe.model.result import Cause, Verdict
from tests.faults import bodies, challenges, connecting, handshakes, heads, kept, names, redirects, waiting
from tests.faults.row import ASKED, CONNECTING, LOOK, POST, SHAKING, Row, Seen, Talk, seen, talks

Serve = Callable[..., Awaitable[str]]

TABLES = (names, connecting, handshakes, heads, bodies, redirects, kept, challenges, waiting)
QUICK = {table.__name__.rpartition(".")[2]: [row for row in table.ROWS if not row.ends_by_time] for table in TABLES}
SLOW = [row for table in TABLES for row in table.ROWS if row.ends_by_time]
ALONE = [*bodies.GREEDY, *waiting.LARGE]
LIMITS = ("1s", "4s", "12s")
"""A busy machine needs longer to get as far as it is to get: what is not as it should be is tried again with more."""


@pytest.mark.parametrize("rows", QUICK.values(), ids=list(QUICK))
async def test_each_ends_in_its_cause(rows: Sequence[Row], serve: Serve) -> None:
    await _compare(rows, serve)


async def test_what_never_answers_ends_when_its_time_is_over(serve: Serve) -> None:
    await _compare(SLOW, serve)


@pytest.mark.parametrize("row", ALONE, ids=[row.name for row in ALONE])
async def test_what_takes_all_there_is_ends_too(row: Row, serve: Serve) -> None:
    await _compare([row], serve)


async def _compare(rows: Sequence[Row], serve: Serve) -> None:
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context))
    wrong: dict[str, tuple[Seen, Seen]] = {}
    for limit in LIMITS:
        async with asyncio.timeout(60):
            found = await asyncio.gather(*(seen(row, serve, limit) for row in rows))
        wrong = {row.name: pair for row, pair in zip(rows, found, strict=True) if pair[0] != pair[1]}
        rows = [row for row in rows if row.name in wrong]
        if not all(row.ends_by_time for row in rows):
            break
    assert {name: came for name, (_, came) in wrong.items()} == {name: wanted for name, (wanted, _) in wrong.items()}
    assert broken == []


@pytest.mark.parametrize("late_s", [0, 0.02])
async def test_a_missing_client_certificate_is_of_tls_whenever_it_is_said(serve: Serve, late_s: float) -> None:
    async with asyncio.TaskGroup() as group:
        late = group.create_task(_hold_up(late_s))
        wanted, came = await seen(handshakes.UNKNOWN, serve)
        late.cancel()
    assert came._replace(phases=wanted.phases) == wanted
    assert came.phases in (SHAKING, wanted.phases)


async def _hold_up(late_s: float) -> None:
    """At every turn of the loop, so that what the server says has come before we go on."""
    while late_s:
        time.sleep(late_s)  # noqa: ASYNC251 - that is the point
        await asyncio.sleep(0)


@pytest.mark.parametrize("gone", [connecting.close_at_once, connecting.reset_at_once], ids=["closed", "reset"])
@pytest.mark.parametrize("step", [LOOK, POST], ids=["get", "post"])
async def test_who_goes_at_once_is_known_to_have_gone(gone: Talk, step: str, serve: Serve) -> None:
    """Whether the request was on its way by then is chance."""
    _, came = await seen(Row("at once", talks(gone), None, "", "", [step]), serve)
    assert came.verdict is Verdict.FAILED
    assert (came.cause, came.phases) in [
        (Cause.CONNECT, CONNECTING),
        (Cause.PROTOCOL, CONNECTING),
        (Cause.PROTOCOL, ASKED),
    ]
    assert re.search("(closed|reset) the connection", came.message)


def test_the_table_is_long_and_says_nothing_twice() -> None:
    names = [(table.__name__, row.name) for table in TABLES for row in table.ROWS]
    assert len(set(names)) == len(names) >= 200
