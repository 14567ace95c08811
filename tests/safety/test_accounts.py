import asyncio

import pytest

from probe.safety.accounts import Accounts


async def test_one_run_at_a_time_has_an_account() -> None:
    accounts, having, most = Accounts(), 0, 0

    async def use() -> None:
        nonlocal having, most
        await accounts.take(["alice"])
        having += 1
        most = max(most, having)
        await asyncio.sleep(0)
        having -= 1
        accounts.leave(["alice"])

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(use())
    assert most == 1


async def test_different_accounts_are_had_at_once() -> None:
    accounts = Accounts()
    async with asyncio.timeout(10):
        await accounts.take(["alice"])
        await accounts.take(["bob"])


async def test_runs_that_want_several_never_wait_for_each_other() -> None:
    accounts = Accounts()

    async def use(names: list[str]) -> None:
        for _ in range(50):
            await accounts.take(names)
            await asyncio.sleep(0)
            accounts.leave(names)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for names in (["a", "b"], ["b", "a"], ["b", "c", "b"], ["c", "a"]):
            group.create_task(use(names))


async def test_who_gives_up_waiting_has_none() -> None:
    accounts = Accounts()
    await accounts.take(["b"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await accounts.take(["a", "b"])
    async with asyncio.timeout(10):
        await accounts.take(["a"])
