import asyncio
from collections.abc import AsyncIterator
from time import perf_counter_ns

import pytest
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Clock, Phase
from probe.steps import tcp
from probe.steps.base import ActionError, Performance
from probe.steps.tcp import Action
from probe.wire.pools import Pools
from tests.steps.asking import OPTIONS, PLACE, Serve, attempt, text
from tests.wire.names import name_server

C, S, P, X, OTHER = Phase.CONNECT, Phase.SEND, Phase.PROCESSING, Phase.TRANSFER, Phase.OTHER


@pytest.fixture(params=list(Clock))
async def pools(request: pytest.FixtureRequest) -> AsyncIterator[Pools]:
    async with tcp.open_session(replace(OPTIONS, instants=request.param)) as pools:
        yield pools


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    line = await reader.readline()
    await asyncio.sleep(0.2)
    writer.write(b"you said " + line)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.write(b"bye\r\n")
    await reader.read()


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.2)
    writer.write(b"220 mail.shop.test ready\r\n")
    await reader.read()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"go away")


def at(url: str) -> str:
    return url.removeprefix("http://")


def adds_up(performance: Performance) -> None:
    (exchange,) = performance.exchanges
    assert sum(exchange.phases.values()) == exchange.duration_ns
    assert min(exchange.phases.values()) >= 0


async def test_a_connection_alone_is_connect(pools: Pools, serve: Serve) -> None:
    performance = attempt()
    target = at(await serve(silent))
    seen = await tcp.perform(Action(text(target)), pools, performance)
    (exchange,) = performance.exchanges
    assert (list(seen.phases), seen.text, performance.sent) == ([C, OTHER], "", False)
    assert (exchange.method, exchange.url, exchange.remote) == ("TCP", f"tcp://{target}", target)
    assert exchange.clock is (Clock.KERNEL if pools.connector(fresh=True)._stamped else Clock.USER)
    adds_up(performance)


async def test_what_is_said_and_answered_is_timed_phase_by_phase(pools: Pools, serve: Serve) -> None:
    performance = attempt()
    action = Action(text(at(await serve(answering))), text("hello\r\n"), text("bye"))
    seen = await tcp.perform(action, pools, performance)
    assert (list(seen.phases), seen.text) == ([C, S, P, X, OTHER], "you said hello\r\nbye\r\n")
    assert min(seen.phases[P], seen.phases[X]) >= 0.19e9
    assert performance.exchanges[0].clock is (Clock.KERNEL if pools.connector(fresh=True)._stamped else Clock.USER)
    assert performance.sent
    adds_up(performance)


async def test_what_it_carried_is_counted(pools: Pools, serve: Serve) -> None:
    performance = attempt()
    address = (await serve(answering)).removeprefix("http://")
    await tcp.perform(Action(connect=text(address), send=text("hi\r\n"), until=text("bye\r\n")), pools, performance)
    (exchange,) = performance.exchanges
    kernels = exchange.clock is Clock.KERNEL
    assert (exchange.sent_bytes, exchange.received_bytes) == (4, len("you said hi\r\nbye\r\n"))
    assert (exchange.wire_sent_bytes, exchange.wire_received_bytes) == ((4, 18) if kernels else (None, None))


async def test_when_the_other_side_speaks_first_nothing_is_sent(pools: Pools, serve: Serve) -> None:
    performance = attempt()
    seen = await tcp.perform(Action(text(at(await serve(greeting))), until=text("220 ")), pools, performance)
    assert (list(seen.phases), performance.sent) == ([C, P, X, OTHER], False)
    assert seen.phases[P] >= 0.19e9
    adds_up(performance)


async def test_what_is_sent_without_waiting_ends_with_its_last_byte(pools: Pools, serve: Serve) -> None:
    came: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readline())

    performance = attempt()
    seen = await tcp.perform(Action(text(at(await serve(talk))), text("bye\n")), pools, performance)
    async with asyncio.timeout(30):
        while not came:
            await asyncio.sleep(0.01)
    assert (came, list(seen.phases)) == ([b"bye\n"], [C, S, OTHER])
    adds_up(performance)


async def test_a_silent_side_runs_out_of_time_in_processing(pools: Pools, serve: Serve) -> None:
    performance = attempt()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await tcp.perform(Action(text(at(await serve(silent))), until=text("220")), pools, performance)
    assert performance.waiting_in is P
    adds_up(performance)


async def failed(action: Action, pools: Pools, performance: Performance) -> Failure:
    with pytest.raises(StepFailure) as raised:
        await tcp.perform(action, pools, performance)
    assert performance.exchanges[0].failure == raised.value.failure
    adds_up(performance)
    return raised.value.failure


async def test_an_end_before_the_text_is_the_other_sides_failure(pools: Pools, serve: Serve) -> None:
    performance = attempt()
    target = at(await serve(closing))
    message = f"{target} closed the connection after 7 bytes, without '220' in it"
    found = await failed(Action(text(target), until=text("220")), pools, performance)
    assert found == Failure(Cause.PROTOCOL, message, expected="220", actual="go away")
    assert performance.came == "go away"


async def test_who_never_comes_to_it_is_cut_off(pools: Pools, serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()

    found = await failed(Action(text(at(await serve(talk))), until=text("220")), pools, attempt())
    assert found.cause is Cause.PROTOCOL
    assert " KiB without '220' in it" in found.message


async def test_a_reset_is_told_as_one(pools: Pools, serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.transport.abort()

    target = at(await serve(talk))
    action = Action(text(target), text("hello\n" + "x" * 200_000), text("220"))
    found = await failed(action, pools, attempt())
    assert (found.cause, found.message.startswith(f"{target} reset the connection")) == (Cause.PROTOCOL, True)


async def test_a_refused_connection_is_told_as_one(pools: Pools) -> None:
    found = await failed(Action(text("127.0.0.1:1")), pools, attempt())
    assert (found.cause, found.message) == (Cause.CONNECT, "connection refused by 127.0.0.1:1")


async def test_a_name_is_resolved_first(serve: Serve) -> None:
    port = at(await serve(silent)).rpartition(":")[2]
    with name_server({"shop.test": ("127.0.0.1",)}, delay_s=0.3) as names:
        async with tcp.open_session(replace(OPTIONS, nameservers=(names.address,))) as pools:
            seen = await tcp.perform(Action(text(f"shop.test:{port}")), pools, attempt())
            found = await failed(Action(text(f"none.test:{port}")), pools, attempt())
    assert (list(seen.phases), seen.phases[Phase.RESOLVE] >= 0.29e9) == ([Phase.RESOLVE, C, OTHER], True)
    assert (found.cause, found.message.partition(":")[0]) == (Cause.RESOLVE, "the name none.test does not resolve")


async def test_what_is_sent_goes_through_the_guard(pools: Pools) -> None:
    bound = replace(OPTIONS, secret_hosts={"card": ("4242424242424242", ("shop.invalid",))})
    performance = attempt(bound)
    with pytest.raises(StepFailure) as raised:
        await tcp.perform(Action(text("127.0.0.1:1"), text("4242424242424242")), pools, performance)
    message = "the secret card was not sent: it is bound to shop.invalid, and this is another host"
    assert (raised.value.failure, performance.exchanges) == (Failure(Cause.SCRIPT, message, PLACE), [])


def test_where_to_is_checked_as_far_as_it_is_known() -> None:
    with pytest.raises(ActionError, match="expected host:port, got shop"):
        Action(text("shop"))


async def test_a_late_loop_is_in_no_phase_of_the_networks(serve: Serve) -> None:
    import time

    target = at(await serve(silent))
    async with tcp.open_session(OPTIONS) as pools:
        performance = attempt()
        asyncio.get_running_loop().call_soon(time.sleep, 0.3)
        before = perf_counter_ns()
        seen = await tcp.perform(Action(text(target)), pools, performance)
    assert perf_counter_ns() - before >= 0.3e9
    assert seen.phases[C] < 0.15e9
