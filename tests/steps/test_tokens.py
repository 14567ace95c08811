import asyncio

import pytest

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.steps.tokens import Granted, Tokens

S = 10**9


class Clock:
    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


class Server:
    """Grants token after token; `gate` holds them back."""

    def __init__(self, life_s: float | None = 3600, refresh: str = "") -> None:
        self.life_s = life_s
        self.refresh = refresh
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.failure: Failure | None = None

    async def __call__(self, refresh: str) -> Granted:
        self.asked.append(refresh)
        self.begun.set()
        number = len(self.asked)
        await self.gate.wait()
        if self.failure is not None:
            raise StepFailure(self.failure)
        return Granted(f"token {number}", self.life_s, self.refresh and f"{self.refresh} {number}")


@pytest.mark.parametrize(("life_s", "good_s"), [(3600, 3570), (120, 90), (60, 45), (4, 3), (1, 0.75), (None, 270)])
async def test_a_token_is_used_until_shortly_before_it_expires(life_s: float | None, good_s: float) -> None:
    clock, server = Clock(), Server(life_s)
    tokens, seen = Tokens(clock), []
    for now in (0, good_s * S - 1, good_s * S):
        clock.now_ns = int(now)
        seen.append(await tokens.token("key", server))
    assert seen == ["token 1", "token 1", "token 2"]


async def test_each_key_has_a_token_of_its_own() -> None:
    tokens, server = Tokens(), Server()
    assert [await tokens.token(key, server) for key in ("a", "b", "a", "b")] == [
        "token 1", "token 2", "token 1", "token 2"
    ]  # fmt: skip


async def test_whoever_wants_the_same_waits_for_the_same() -> None:
    tokens, server = Tokens(), Server()
    server.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(tokens.token("key", server)) for _ in range(20)]
        await server.begun.wait()
        server.gate.set()
    assert ({each.result() for each in waiting}, server.asked) == ({"token 1"}, [""])


async def test_whoever_waited_shares_the_failure_and_the_next_one_asks_again() -> None:
    tokens, server = Tokens(), Server()
    server.failure = Failure(Cause.CONNECT, "nobody there")
    server.gate.clear()
    waiting = [asyncio.ensure_future(tokens.token("key", server)) for _ in range(5)]
    await server.begun.wait()
    server.gate.set()
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert [each.failure for each in failures if isinstance(each, StepFailure)] == [server.failure] * 5
    assert len(server.asked) == 1
    server.failure = None
    assert await tokens.token("key", server) == "token 2"


async def test_a_fetch_that_is_cancelled_is_taken_over_by_the_next_who_waits() -> None:
    tokens, server = Tokens(), Server()
    server.gate.clear()
    first, second = (asyncio.ensure_future(tokens.token("key", server)) for _ in range(2))
    await server.begun.wait()
    first.cancel()
    server.gate.set()
    assert (await second, len(server.asked)) == ("token 2", 2)
    assert first.cancelled()


async def test_a_token_that_was_refused_is_not_used_again() -> None:
    tokens, server = Tokens(), Server()
    first = await tokens.token("key", server)
    tokens.drop("key", first)
    second = await tokens.token("key", server)
    tokens.drop("key", first)  # by a run that still had it
    tokens.drop("other", first)
    assert (second, await tokens.token("key", server)) == ("token 2", "token 2")


async def test_a_new_refresh_token_is_used_from_then_on() -> None:
    tokens, server = Tokens(), Server(life_s=0, refresh="refresh")
    for _ in range(3):
        await tokens.token("key", server)
    assert server.asked == ["", "refresh 1", "refresh 2"]
