import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count

import pytest
from msgspec.structs import replace

from probe.agent.control import Controls, Target, blame_agent, parse_target
from probe.model.place import Place
from probe.model.result import Attempt, Cause, Failure, Run, StepResult, Trigger, Verdict
from probe.model.status import ControlStatus

Serve = Callable[..., Awaitable[str]]

PLACE = Place("a.yaml", 1, 1, 2)


def run(cause: Cause | None) -> Run:
    failure = Failure(cause, "connection refused by shop:443", PLACE) if cause else None
    verdict = failure.cause.verdict if failure else Verdict.PASSED
    attempt = Attempt(0, 5, {}, verdict, failure=failure)
    step = StepResult("look", "http", verdict, PLACE, attempts=(attempt,), failure=failure)
    now = datetime(2026, 11, 2, tzinfo=UTC)
    return Run("id", "browse", "f", "here", "me", Trigger.SCHEDULE, now, 5, verdict, (step,), "0", 1, failure=failure)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def controls(serve: Serve, *, open_ports: int, closed: int) -> Controls:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    reachable = [parse_target(await serve(silent)) for _ in range(open_ports)]
    others = [parse_target(f"127.0.0.1:{closed_port()}") for _ in range(closed)]
    ticks = count(0, 10**10)
    return Controls([*others, *reachable], lambda: next(ticks))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("example.com:443", ("example.com", 443)),
        ("https://example.com/health", ("example.com", 443)),
        ("http://example.com", ("example.com", 80)),
        ("[::1]:53", ("::1", 53)),
        ("tcp://1.1.1.1:53", ("1.1.1.1", 53)),
    ],
)
def test_a_target_is_a_host_and_a_port_or_a_url(text: str, target: tuple[str, int]) -> None:
    assert parse_target(text) == Target(text, *target)


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "",
        ":53",
        "ftp://example.com",
        "a:b",
        "example.com:99999",
        "http://a..b.example",
        f"{'a' * 64}.example:80",
        "http://[x",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_target(text)


async def test_one_target_that_is_reached_is_enough(serve: Serve) -> None:
    found = await controls(serve, open_ports=1, closed=1)
    assert await found.look() is True
    refused, reached = found.states
    assert (refused.sound, "refused" in refused.message.lower(), reached.sound) == (False, True, True)


async def test_a_failure_is_the_targets_while_a_control_is_reached(serve: Serve) -> None:
    found = await controls(serve, open_ports=1, closed=1)
    assert await found.judge(run(Cause.CONNECT)) == run(Cause.CONNECT)


async def test_a_failure_is_the_agents_when_no_control_is_reached(serve: Serve) -> None:
    judged = await (await controls(serve, open_ports=0, closed=2)).judge(run(Cause.CONNECT))
    message = "the agent's own network fails: no control target can be reached either (connection refused by shop:443)"
    blamed = Failure(Cause.AGENT, message, PLACE)
    (step,) = judged.steps
    assert (judged.verdict, judged.failure) == (Verdict.ERRORED, blamed)
    assert (step.verdict, step.failure) == (Verdict.ERRORED, blamed)
    assert (step.attempts[0].verdict, step.attempts[0].failure) == (Verdict.ERRORED, blamed)


@pytest.mark.parametrize("cause", [None, Cause.STATUS, Cause.CHECK, Cause.CAPTURE, Cause.SCRIPT, Cause.BLOCKED])
async def test_what_is_not_of_the_network_is_judged_by_itself(serve: Serve, cause: Cause | None) -> None:
    found = await controls(serve, open_ports=0, closed=1)
    assert await found.judge(run(cause)) == run(cause)
    assert found.states == ()  # nobody even asked


async def test_without_targets_no_failure_is_excused() -> None:
    found = Controls([], lambda: 0)
    assert (await found.judge(run(Cause.CONNECT)), await found.look()) == (run(Cause.CONNECT), None)


async def test_a_look_from_before_a_failure_says_nothing_of_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Controls([parse_target(f"127.0.0.1:{listening.getsockname()[1]}")], time.monotonic_ns)
        before = await found.judge(run(Cause.CONNECT))
    after = await found.judge(run(Cause.CONNECT))
    assert (before.verdict, after.verdict) == (Verdict.FAILED, Verdict.ERRORED)


async def test_failures_during_a_look_share_the_next_one(serve: Serve) -> None:
    seen = 0

    async def count_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1

    found = Controls([parse_target(await serve(count_it))], time.monotonic_ns)
    async with asyncio.TaskGroup() as judging:
        judging.create_task(found.judge(run(Cause.TIMEOUT)))
        await asyncio.sleep(0)
        for _ in range(20):
            judging.create_task(found.judge(run(Cause.TIMEOUT)))
    await asyncio.sleep(0.05)
    assert seen == 2


async def test_many_failures_at_once_cost_one_look(serve: Serve) -> None:
    seen = 0

    async def count_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1

    found = Controls([parse_target(await serve(count_it))], lambda: 5)
    await asyncio.gather(*(found.judge(run(Cause.TIMEOUT)) for _ in range(20)))
    await asyncio.sleep(0.05)
    assert (seen, found.states) == (1, (ControlStatus(found.targets[0].name, sound=True),))


def test_blaming_the_agent_keeps_what_was_measured_and_the_steps_that_passed() -> None:
    failed = run(Cause.TLS)
    passed = run(None).steps[0]
    blamed = blame_agent(replace(failed, steps=(passed, *failed.steps)))
    assert blamed.steps[0] == passed
    assert [step.attempts[0].duration_ns for step in blamed.steps] == [5, 5]


async def test_other_targets_are_looked_at_anew(serve: Serve) -> None:
    found = await controls(serve, open_ports=0, closed=1)
    assert await found.look() is False
    found.adopt(found.targets)
    kept = found.sound
    found.adopt(())
    assert (kept, found.sound) == (False, None)
    assert await found.judge(run(Cause.CONNECT)) == run(Cause.CONNECT)


async def test_a_target_that_cannot_even_be_looked_up_is_not_reached() -> None:
    found = Controls([Target("odd", "a..b.example", 80)], lambda: 0)
    assert await found.look() is False
