import asyncio
import threading
from itertools import count

import pytest

from probe.hub.kept import LEAST_NS, MOST, SHARE, Answer, Kept

SECOND = 10**9


class Clock:
    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


class Maker:
    """Makes a new page whenever it is asked, in so much time."""

    def __init__(self, clock: Clock, took_ns: int = 0) -> None:
        self.numbers = count(1)
        self.clock = clock
        self.took_ns = took_ns

    def __call__(self) -> Answer:
        self.clock.now_ns += self.took_ns
        return Answer(f"page {next(self.numbers)}", 200)


@pytest.mark.parametrize(("took_ns", "kept_ns"), [(0, LEAST_NS), (2 * SECOND, SHARE * 2 * SECOND)])
async def test_a_page_is_shown_again_for_longer_the_longer_it_took(took_ns: int, kept_ns: int) -> None:
    clock = Clock()
    kept, make = Kept(clock), Maker(clock, took_ns)
    first = await kept.answer("a", make)
    clock.now_ns += kept_ns - 1
    second = await kept.answer("a", make)
    clock.now_ns += 1
    assert [first.text, second.text, (await kept.answer("a", make)).text] == ["page 1", "page 1", "page 2"]


async def test_each_page_is_kept_on_its_own() -> None:
    clock = Clock()
    kept, make = Kept(clock), Maker(clock)
    assert [(await kept.answer(key, make)).text for key in ("a", "b", "a")] == ["page 1", "page 2", "page 1"]


async def test_many_who_ask_at_once_cost_one() -> None:
    clock = Clock()
    kept, make = Kept(clock), Maker(clock)
    pages = await asyncio.gather(*(kept.answer("a", make) for _ in range(9)))
    assert [page.text for page in pages] == ["page 1"] * 9


async def test_who_asks_while_a_page_is_made_anew_gets_the_one_before() -> None:
    clock, go_on = Clock(), threading.Event()
    kept, make = Kept(clock), Maker(clock)

    def slowly() -> Answer:
        go_on.wait(30)
        return make()

    await kept.answer("a", make)
    clock.now_ns += LEAST_NS
    async with asyncio.TaskGroup() as tasks:
        anew = tasks.create_task(kept.answer("a", slowly))
        await asyncio.sleep(0)
        before = await kept.answer("a", slowly)
        go_on.set()
    assert (before.text, anew.result().text) == ("page 1", "page 2")


async def test_a_page_that_could_not_be_made_is_tried_again() -> None:
    clock = Clock()
    kept = Kept(clock)

    def fail() -> Answer:
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        await kept.answer("a", fail)
    assert (await kept.answer("a", Maker(clock))).text == "page 1"


async def test_only_so_many_are_kept_and_the_one_asked_for_last_is_among_them() -> None:
    clock = Clock()
    kept, make = Kept(clock), Maker(clock)
    for key in range(MOST):
        await kept.answer(key, make)
    await kept.answer(0, make)
    await kept.answer(MOST, make)
    assert [(await kept.answer(key, make)).text for key in (0, 1)] == ["page 1", f"page {MOST + 2}"]
