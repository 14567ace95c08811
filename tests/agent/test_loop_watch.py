import asyncio
import time

from probe.agent.loop_watch import EVERY_S, REMEMBERED_NS, Delay, LoopWatch

MS = 1_000_000


async def test_a_loop_that_was_held_up_is_seen() -> None:
    watch = LoopWatch()
    task = asyncio.ensure_future(watch.watch())
    with watch.during_a_run():
        await asyncio.sleep(EVERY_S * 1.5)
        since = time.monotonic_ns()
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is to be held up
        await asyncio.sleep(EVERY_S * 2)
    task.cancel()
    assert watch.worst_since(since) >= 200 * MS
    assert watch.worst_since(time.monotonic_ns()) == 0


def test_the_worst_delay_is_the_worst_of_the_time_asked_for() -> None:
    watch = LoopWatch()
    for at, late in ((100, 80), (200, 20), (300, 40)):
        watch.note(at * MS, (at - late) * MS)
    assert [watch.worst_since(since * MS) for since in (0, 101, 250, 301)] == [80 * MS, 40 * MS, 40 * MS, 0]
    assert watch.total_ns == 140 * MS


def test_what_is_within_the_grain_of_timers_is_no_delay() -> None:
    watch = LoopWatch()
    watch.note(100 * MS, 99 * MS)
    assert (watch.worst_since(0), watch.total_ns) == (0, 0)


def test_it_does_not_remember_for_ever() -> None:
    watch = LoopWatch()
    watch.note(10 * MS, 0)
    watch.note(REMEMBERED_NS + 20 * MS, REMEMBERED_NS)
    assert watch.worst_since(0) == 20 * MS


def test_a_delay_may_have_begun_right_after_the_last_look() -> None:
    watch = LoopWatch()
    watch.note(200 * MS, 120 * MS)
    assert watch.delays_since(0) == [Delay(120 * MS - int(EVERY_S * 1e9), 200 * MS, 80 * MS)]


async def test_a_delay_that_is_not_over_yet_is_told_too() -> None:
    watch = LoopWatch()
    task = asyncio.ensure_future(watch.watch())
    await asyncio.sleep(0)
    with watch.during_a_run():
        time.sleep(0.2)  # noqa: ASYNC251 - as above
        late = watch.worst_since(0)
    task.cancel()
    await asyncio.wait([task])
    assert late >= 100 * MS
    assert watch.worst_since(0) == 0


async def test_it_sees_a_delay_at_the_very_beginning_of_a_run() -> None:
    watch = LoopWatch()
    task = asyncio.ensure_future(watch.watch())
    await asyncio.sleep(0)
    with watch.during_a_run():
        time.sleep(0.2)  # noqa: ASYNC251 - as above
        await asyncio.sleep(EVERY_S)
        assert watch.worst_since(0) >= 100 * MS
    task.cancel()


async def test_it_looks_as_long_as_any_run_goes_on_and_no_longer() -> None:
    watch = LoopWatch()
    task = asyncio.ensure_future(watch.watch())
    with watch.during_a_run():
        with watch.during_a_run():
            pass
        await asyncio.sleep(EVERY_S * 2)
        time.sleep(0.2)  # noqa: ASYNC251 - as above
        await asyncio.sleep(EVERY_S * 2)
    await asyncio.sleep(EVERY_S * 2)
    during = watch.total_ns
    time.sleep(0.2)  # noqa: ASYNC251 - as above
    await asyncio.sleep(EVERY_S * 2)
    task.cancel()
    assert during >= 100 * MS
    assert watch.total_ns == during
