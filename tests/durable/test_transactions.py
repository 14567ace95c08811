import asyncio
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from probe.durable.transactions import Transactions


@pytest.fixture
async def transactions() -> AsyncIterator[Transactions]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE a (b INTEGER)")
    transactions = Transactions(connection, ThreadPoolExecutor(1))
    yield transactions
    await transactions.close()


def put(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("INSERT INTO a VALUES (?)", (number,))


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT b FROM a ORDER BY rowid")]


async def test_a_transaction_is_whole_or_nothing(transactions: Transactions) -> None:
    def breaks(connection: sqlite3.Connection) -> None:
        put(connection, 1)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await transactions.run(breaks)
    await transactions.run(lambda connection: put(connection, 2))
    assert await transactions.read(numbers) == [2]


async def test_they_take_place_in_the_order_they_were_asked_for(transactions: Transactions) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(transactions.run(lambda c, number=number: put(c, number)))  # type: ignore[misc]
    assert await transactions.read(numbers) == list(range(50))


async def test_a_cancelled_caller_does_not_stop_it(transactions: Transactions) -> None:
    asked = asyncio.get_running_loop().create_task(transactions.run(lambda c: put(c, 1)))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await transactions.read(numbers) == [1]
