import asyncio
import time

from probe.agent.clock import SystemClock


async def test_it_reads_three_clocks_that_move_together() -> None:
    clock = SystemClock()
    before = clock.read()
    await clock.sleep(30_000_000, asyncio.Event())
    after = clock.read()
    passed = [getattr(after, name) - getattr(before, name) for name in ("wall_ns", "monotonic_ns", "boot_ns")]
    assert min(passed) >= 29_000_000
    assert max(passed) - min(passed) < min(passed)
    assert abs(after.wall_ns - time.time_ns()) < 10**9


async def test_a_sleeper_can_be_woken() -> None:
    wake = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, wake.set)
    async with asyncio.timeout(5):
        await SystemClock().sleep(3600 * 10**9, wake)
