"""Every way to misbehave that we know of, against real sockets: each journey ends in its time, with the right cause, a
message for a person and the phases that were reached.

Rows of a batch run side by side; those that only time ends are a batch of their own, and the greedy ones run alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.faults import bodies, challenges, connecting, handshakes, heads, kept, names, redirects, waiting
from tests.faults.row import Row, seen

Serve = Callable[..., Awaitable[str]]

TABLES = (names, connecting, handshakes, heads, bodies, redirects, kept, challenges, waiting)
QUICK = {table.__name__.rpartition(".")[2]: [row for row in table.ROWS if not row.ends_by_time] for table in TABLES}
SLOW = [row for table in TABLES for row in table.ROWS if row.ends_by_time]


@pytest.mark.parametrize("rows", QUICK.values(), ids=list(QUICK))
async def test_each_ends_in_its_cause(rows: Sequence[Row], serve: Serve) -> None:
    await _compare(rows, serve)


async def test_what_never_answers_ends_when_its_time_is_over(serve: Serve) -> None:
    await _compare(SLOW, serve)


@pytest.mark.parametrize("row", bodies.GREEDY, ids=[row.name for row in bodies.GREEDY])
async def test_what_never_stops_is_stopped(row: Row, serve: Serve) -> None:
    await _compare([row], serve)


async def _compare(rows: Sequence[Row], serve: Serve) -> None:
    async with asyncio.timeout(60):
        found = await asyncio.gather(*(seen(row, serve) for row in rows))
    assert {row.name: came for row, (_, came) in zip(rows, found, strict=True)} == {
        row.name: wanted for row, (wanted, _) in zip(rows, found, strict=True)
    }


def test_the_table_is_long_and_says_nothing_twice() -> None:
    names = [(table.__name__, row.name) for table in TABLES for row in table.ROWS]
    assert len(set(names)) == len(names) >= 200
