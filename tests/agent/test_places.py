import asyncio

import pytest

from probe.agent.places import Places


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_so_many_have_one_and_who_waits_longest_is_next() -> None:
    places, got = Places(2), list[int]()

    async def come(number: int) -> None:
        assert await places.take()
        got.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(come(number))
        await settle()
        assert got == [0, 1]
        for count in (3, 4, 5):
            places.leave()
            await settle()
            assert got == list(range(count))


async def test_their_number_can_change_while_some_are_taken() -> None:
    places = Places(1)
    assert await places.take()
    waiting = [asyncio.ensure_future(places.take()) for _ in range(3)]
    places.resize(3)
    await settle()
    assert [each.done() for each in waiting] == [True, True, False]
    places.resize(1)
    places.leave()
    places.leave()
    await settle()
    assert not waiting[2].done()
    places.leave()
    assert await waiting[2]


async def test_when_closed_nobody_gets_one() -> None:
    places = Places(1)
    assert await places.take()
    waiting = asyncio.ensure_future(places.take())
    await settle()
    places.close()
    assert (await waiting, await places.take()) == (False, False)


async def test_one_who_stops_waiting_takes_no_place_with_him() -> None:
    places = Places(1)
    assert await places.take()
    first, second = (asyncio.ensure_future(places.take()) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    places.leave()
    assert await second


async def test_a_place_that_is_handed_over_as_he_stops_waiting_goes_to_the_next() -> None:
    places = Places(1)
    assert await places.take()
    first, second = (asyncio.ensure_future(places.take()) for _ in range(2))
    await settle()
    places.leave()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second
