import asyncio

import pytest

from probe.interrupt import Interrupt


async def section(interrupt: Interrupt, seconds: float) -> None:
    async with asyncio.timeout(None) as limit:
        with interrupt.cuts(limit):
            await asyncio.sleep(seconds)


async def test_a_section_under_way_is_cut() -> None:
    interrupt = Interrupt()
    asyncio.get_running_loop().call_later(0.01, interrupt.request)
    with pytest.raises(TimeoutError):
        await section(interrupt, 60)


async def test_a_section_that_begins_later_is_cut_too() -> None:
    interrupt = Interrupt()
    interrupt.request()
    with pytest.raises(TimeoutError):
        await section(interrupt, 60)


async def test_what_is_over_is_left_alone() -> None:
    interrupt = Interrupt()
    await section(interrupt, 0)
    interrupt.request()
    interrupt.request()
    assert interrupt.requested
