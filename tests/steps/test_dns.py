import asyncio

import pytest
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.steps import dns
from probe.steps.dns import Action, RecordType
from tests.steps.asking import OPTIONS, PLACE, attempt, text
from tests.wire.names import REFUSED, SERVFAIL, SILENCE, Said, name_server

NAMES: dict[str, Said] = {
    "shop.test": ("127.0.0.9", "127.0.0.8"),
    "9.0.0.127.in-addr.arpa": {12: (b"\x04shop\x04test\0",)},
    "broken.test": SERVFAIL,
    "shut.test": REFUSED,
    "silent.test": SILENCE,
}


async def test_answers_are_observed_and_timed_as_resolving() -> None:
    with name_server(NAMES, delay_s=0.3) as names:
        performance = attempt()
        seen = await dns.perform(Action(text("shop.test"), server=text(names.address)), OPTIONS, performance)
    (exchange,) = performance.exchanges
    assert (seen.answers, seen.failure, list(seen.phases)) == (
        ("127.0.0.9", "127.0.0.8"),
        None,
        [Phase.RESOLVE, Phase.OTHER],
    )
    assert (exchange.method, exchange.url, exchange.remote) == (
        "DNS",
        f"dns://{names.address}/shop.test?type=A",
        names.address,
    )
    assert seen.phases[Phase.RESOLVE] >= 0.29e9
    assert sum(seen.phases.values()) == seen.duration_ns


async def test_the_name_servers_of_the_run_are_asked_when_none_are_said() -> None:
    with name_server(NAMES) as names:
        options = replace(OPTIONS, nameservers=(names.address,))
        seen = await dns.perform(Action(text("shop.test")), options, attempt())
    assert (seen.answers, names.asked) == (("127.0.0.9", "127.0.0.8"), ["shop.test"])


async def test_an_address_is_asked_for_backwards() -> None:
    with name_server(NAMES) as names:
        action = Action(text("127.0.0.9"), RecordType.PTR, text(names.address))
        seen = await dns.perform(action, OPTIONS, attempt())
    assert seen.answers == ("shop.test",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.test", "it does not exist (NXDOMAIN)"),
        ("broken.test", "the name server SERVER failed to find out (SERVFAIL)"),
        ("shut.test", "the name server SERVER refused to say (REFUSED)"),
    ],
)
async def test_why_there_is_no_answer_is_told_apart(name: str, words: str) -> None:
    with name_server(NAMES) as names:
        performance = attempt()
        with pytest.raises(StepFailure) as raised:
            await dns.perform(Action(text(name), server=text(names.address)), OPTIONS, performance)
    found = raised.value.failure
    message = f"no A of {name}: {words.replace('SERVER', names.address)}"
    assert (found.cause, found.message, found.place) == (Cause.RESOLVE, message, PLACE)
    assert (performance.exchanges[0].failure, list(performance.exchanges[0].phases)) == (
        found,
        [Phase.RESOLVE, Phase.OTHER],
    )


async def test_silence_runs_out_of_time_in_resolve() -> None:
    with name_server(NAMES) as names:
        performance = attempt()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await dns.perform(Action(text("silent.test"), server=text(names.address)), OPTIONS, performance)
    assert (performance.waiting_in, len(performance.exchanges)) == (Phase.RESOLVE, 1)


async def test_a_name_without_such_a_record_is_a_failure_that_says_so() -> None:
    with name_server(NAMES) as names:
        action = Action(text("shop.test"), RecordType.MX, text(names.address))
        seen = await dns.perform(action, OPTIONS, attempt())
    message = "the name shop.test exists and has no MX record"
    assert (seen.answers, seen.failure) == ((), Failure(Cause.RESOLVE, message, PLACE))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            Action(text("a..b"), server=text("127.0.0.1")),
            "no question could be asked about a..b: a..b is no name of a host",
        ),
        (Action(text("shop.test"), server=text("ns.test")), "expected the address of a name server, got ns.test"),
    ],
)
async def test_what_cannot_be_asked_blames_the_journey(action: Action, message: str) -> None:
    with pytest.raises(StepFailure) as raised:
        await dns.perform(action, OPTIONS, attempt())
    assert raised.value.failure == Failure(Cause.SCRIPT, message, PLACE)
