import asyncio
import base64
import gc
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.demo.shop import Faults, Shop
from probe.errors import StepFailure
from probe.evaluate.template import parse_text
from probe.interrupt import Interrupt
from probe.model.codec import decode_run, encode_run
from probe.model.duration import Duration
from probe.model.journey import Cleanup, EffectKind, Journey, Label, Step, Undo
from probe.model.network import Family, Network
from probe.model.observation import Observation, Seen
from probe.model.place import Place
from probe.model.progress import Progress
from probe.model.result import Cause, EffectState, Failure, Role, Run, Section, Trigger, Verdict
from probe.model.timing import Clock, Phase
from probe.runner import Running, run_journey
from probe.safety.journal import open_journal
from probe.settings import Clocks, Settings
from probe.spec.load import read_journey
from probe.spec.source import Source
from probe.steps import KINDS
from probe.steps.base import Options, Performance
from tests.steps.digesting import DigestServer
from tests.steps.granting import TokenServer
from tests.wire.names import name_server

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]

MS = 1_000_000
HEAD = 'journey: test\nvariables: {shop: "${env(\\"SHOP_URL\\")}"}\n'
PASSED, FAILED, ERRORED, SKIPPED = Verdict

BROWSE = """\
  - name: browse
    http: {get: "${shop}/products/TSHIRT-M"}
    capture: {csrf: {css: "input[name=csrf]", attribute: value}}
"""
FILL = """\
  - name: fill
    http: {post: "${shop}/cart", form: {sku: TSHIRT-M, qty: 1, csrf: "${csrf}"}, follow: 1}
"""
PAY = """\
  - name: pay
    effect: write
    http: {post: "${shop}/pay", json: {card: "4242424242424242"}}
    capture: {order: {jsonpath: $.order.id}}
    undo: {http: {delete: "${shop}/orders/${order}"}}
"""
BUY = BROWSE + FILL + PAY
FAIL = "  - {name: fail, http: {get: '${shop}/status/500'}}\n"
LOOK = "  - {name: look, http: {get: '${shop}/healthz'}}\n"
LEAVE = "always:\n  - {name: leave, http: {post: '${shop}/logout'}}\n"


def journey(steps: str, head: str = HEAD) -> Journey:
    return read_journey(Source("journey.yaml", f"{head}steps:\n{steps}"))


def settings_for(url: str = "", **more: Any) -> Settings:
    return Settings(trigger=Trigger.MANUAL, region="here", agent="me", **{"environ": {"SHOP_URL": url}, **more})


async def run(steps: str, url: str, **more: Any) -> Run:
    return await run_journey(journey(steps), settings_for(url, **more))


def verdicts(run: Run) -> dict[str, Verdict]:
    return {step.name: step.verdict for step in run.steps}


def effects(run: Run) -> list[tuple[str, EffectState, bool]]:
    return [(effect.step, effect.state, effect.undoable) for effect in run.effects]


# --- the order of things


async def test_a_run_is_freed_when_it_is_over(shop: Shop) -> None:
    """By the count of its references: an agent's garbage collector has nothing to do."""
    gc.collect()
    gc.disable()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run(LOOK + LOOK.replace("look", "again"), shop.url))
        for _ in range(5):
            await asyncio.sleep(0)  # connections tell of their end in the loop's next turns
        left = [each for each in gc.get_objects() if isinstance(each, Running)]
    finally:
        gc.enable()
    assert left == []


async def test_steps_then_undo_then_always(shop: Shop) -> None:
    found = await run(BUY + LOOK + LEAVE, shop.url)
    assert (found.verdict, found.failure) == (PASSED, None)
    assert [(step.section, step.name, step.verdict) for step in found.steps] == [
        (Section.STEPS, "browse", PASSED),
        (Section.STEPS, "fill", PASSED),
        (Section.STEPS, "pay", PASSED),
        (Section.STEPS, "look", PASSED),
        (Section.UNDO, "undo pay", PASSED),
        (Section.ALWAYS, "leave", PASSED),
    ]
    assert (shop.state["orders"], shop.state["cancelled"]) == (1, 1)
    assert effects(found) == [("pay", EffectState.UNDONE, True)]


async def test_after_a_failure_the_rest_is_skipped_and_the_cleanup_is_not(shop: Shop) -> None:
    found = await run(BUY + FAIL + LOOK + LEAVE, shop.url)
    expected = {"browse": PASSED, "fill": PASSED, "pay": PASSED, "fail": FAILED, "look": SKIPPED}
    assert verdicts(found) == {**expected, "undo pay": PASSED, "leave": PASSED}
    assert [step.skipped for step in found.steps if step.skipped] == ["a step before it did not pass"]
    assert (found.verdict, effects(found)) == (FAILED, [("pay", EffectState.UNDONE, True)])


async def test_the_first_failure_is_the_runs_though_the_cleanup_fails_too(shop: Shop) -> None:
    cleanup = "always:\n  - {name: first, http: {get: '${shop}/status/501'}}\n  - {name: second, wait: 1ms}\n"
    found = await run(FAIL + cleanup, shop.url)
    assert verdicts(found) == {"fail": FAILED, "first": FAILED, "second": PASSED}
    assert found.failure == found.steps[0].failure


async def test_a_failure_of_the_cleanup_alone_fails_the_run(shop: Shop) -> None:
    found = await run(LOOK + LEAVE.replace("/logout", "/status/500"), shop.url)
    assert (found.verdict, found.failure) == (FAILED, found.steps[-1].failure)


async def test_the_last_write_is_undone_first(shop: Shop) -> None:
    write = (
        "  - {{name: {0}, effect: write, http: {{post: '${{shop}}/echo'}}, undo: {{http: {{get: '${{shop}}/'}}}}}}\n"
    )
    found = await run(write.format("a") + write.format("b"), shop.url)
    assert [step.name for step in found.steps] == ["a", "b", "undo b", "undo a"]


async def test_an_undo_that_fails_leaves_the_effect_open_and_the_verdict_alone(shop: Shop) -> None:
    found = await run(BUY.replace('{delete: "${shop}/orders/${order}"}', '{get: "${shop}/status/500"}'), shop.url)
    assert (found.verdict, effects(found)) == (PASSED, [("pay", EffectState.OPEN, True)])
    assert len(found.effects_open) == 1


async def test_an_undo_without_what_it_needs_is_skipped(shop: Shop) -> None:
    shop.faults = Faults(status=500, path="/pay")
    found = await run(BUY.replace("$.order.id", "$.order.number"), shop.url)
    undo = next(step for step in found.steps if step.section is Section.UNDO)
    assert (undo.verdict, undo.skipped) == (SKIPPED, "order was never captured")
    assert effects(found) == [("pay", EffectState.UNKNOWN, True)]


async def test_the_cleanup_skips_only_what_cannot_be_done_without_a_capture(shop: Shop) -> None:
    take = "  - {name: take, http: {get: '${shop}/status/500'}, capture: {id: {css: '#id'}}}\n"
    bare = "always:\n  - {name: bare, http: {get: '${shop}/echo?id=${id}'}}\n"
    safe = "  - {name: safe, http: {get: '${shop}/echo?id=${id | default(\"none\")}'}}\n"
    found = await run(take + bare + safe, shop.url)
    assert verdicts(found) == {"take": FAILED, "bare": SKIPPED, "safe": PASSED}
    assert found.steps[1].skipped == "id was never captured"


# --- writes and what they leave


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (Faults(), [EffectState.UNDONE]),
        (Faults(declined=True), [EffectState.UNKNOWN]),
        (Faults(status=503, path="/pay"), [EffectState.UNDONE]),
        (Faults(reset="after", path="/pay"), [EffectState.UNKNOWN]),
        (Faults(truncate=True, path="/pay"), [EffectState.UNKNOWN]),
        (Faults(error_rate=1, error_status=409, path="/pay"), []),
        (Faults(error_rate=1, error_status=408, path="/pay"), [EffectState.UNKNOWN]),
    ],
)
async def test_what_became_of_a_write_is_said(shop: Shop, faults: Faults, expected: list[EffectState]) -> None:
    shop.faults = faults
    found = await run(BUY, shop.url)
    assert [effect.state for effect in found.effects] == expected


async def test_a_write_that_was_never_sent_leaves_nothing() -> None:
    found = await run(PAY, "http://127.0.0.1:1")
    assert (found.verdict, found.effects) == (FAILED, ())


async def test_a_write_without_undo_does_not_ask_for_attention(shop: Shop) -> None:
    found = await run("  - {name: a, effect: write, http: {post: '${shop}/echo'}}\n", shop.url)
    assert (effects(found), found.effects_open) == ([("a", EffectState.OPEN, False)], ())


async def test_a_write_goes_nowhere_but_to_this_machine_unless_it_may(tmp_path: Path) -> None:
    found = await run(PAY, "http://shop.invalid")
    assert (found.verdict, found.effects, found.steps[0].attempts[0].exchanges) == (ERRORED, (), ())
    journal = await open_journal(tmp_path)
    allowed = await run(PAY, "http://shop.invalid", writes_allowed=True, journal=journal)
    await journal.close()
    assert allowed.failure is not None
    assert allowed.failure.cause is Cause.RESOLVE


async def test_a_write_has_one_key_through_a_run_and_another_in_the_next(shop: Shop) -> None:
    write = "  - {name: a, effect: write, http: {post: '${shop}/echo'}, capture: {sent: {body: }}}\n"
    runs = [await run(write, shop.url) for _ in range(2)]
    keys = [found.effects[0].key for found in runs]
    for found, key in zip(runs, keys, strict=True):
        assert key in found.steps[0].attempts[0].captures[0].value
    assert keys[0] != keys[1]


async def test_nothing_is_written_when_the_run_stops_before_writes(shop: Shop) -> None:
    cleanup = "always:\n  - {name: tidy, effect: write, http: {post: '${shop}/echo'}}\n"
    found = await run(BUY + LOOK + cleanup, shop.url, stop_before_writes=True)
    expected = {"browse": PASSED, "fill": PASSED, "pay": SKIPPED, "look": SKIPPED, "tidy": SKIPPED}
    assert (verdicts(found), found.verdict, found.effects) == (expected, PASSED, ())
    assert {step.skipped for step in found.steps} == {"", "stopped before the first write"}


# --- values


async def test_variables_are_overridden_also_by_nothing(shop: Shop) -> None:
    steps = "  - {name: a, http: {get: '${shop}/echo?x=${x}'}, check: [{jsonpath: '$.query', equals: []}]}\n"
    head = f"{HEAD.rstrip()[:-1]}, x: 1}}\n"
    given = settings_for("", variables={"x": "", "shop": shop.url})
    found = await run_journey(journey(steps.replace("x=", ""), head), given)
    assert (found.verdict, found.variables) == (PASSED, {"shop": shop.url, "x": ""})


async def test_a_variable_without_a_value_starts_nothing() -> None:
    found = await run_journey(journey(LOOK + FAIL + LEAVE), settings_for(environ={}))
    assert found.failure is not None
    assert (found.verdict, found.failure.cause) == (ERRORED, Cause.SCRIPT)
    assert found.failure.message == 'the variable shop: ${env("SHOP_URL")} has no value'
    assert {step.skipped for step in found.steps} == {"the run could not start"}


SECRET = HEAD + "secrets: {card: {env: TEST_CARD, default: '4242424242424242', hosts: [127.0.0.1]}}\n"


@pytest.mark.parametrize(("defaults", "verdict"), [(True, PASSED), (False, ERRORED)])
async def test_a_secret_has_its_default_only_where_that_will_do(shop: Shop, defaults: bool, verdict: Verdict) -> None:
    found = await run_journey(journey(LOOK, SECRET), settings_for(shop.url, secret_defaults=defaults))
    assert found.verdict is verdict
    if found.failure:
        message = "the secret card has no value: the environment variable TEST_CARD is not set"
        assert (found.failure.message, found.failure.hint) == (message, "export TEST_CARD=…")


async def test_a_secret_is_not_sent_beyond_its_hosts(shop: Shop) -> None:
    steps = "  - {name: a, http: {post: 'http://localhost:${port}/echo', body: '${card}'}}\n"
    head = SECRET.replace("variables: {", f"variables: {{port: '{shop.url.rpartition(':')[2]}', ")
    found = await run_journey(journey(steps, head), settings_for(shop.url))
    assert found.failure is not None
    assert found.failure.message == "the secret card was not sent: it is bound to 127.0.0.1, and this is another host"
    assert shop.state["requests"] == 0


PIN = """\
journey: j
secrets: {pin: {env: PIN, hosts: [shop.test]}}
variables:
  shop: ${env("SHOP_URL")}
  code: "<${pin}>"
steps:
"""
SHORT = [
    "{post: '${shop}/echo', json: {pin: '${pin}'}}",
    "{get: '${shop}/echo', headers: {X-Code: '${code}'}}",
    "{get: '${shop}/echo', auth: {basic: {user: a, password: '${pin}'}}}",
]


@pytest.mark.parametrize("action", SHORT)
async def test_a_secret_too_short_to_be_found_is_held_to_its_hosts_by_its_name(shop: Shop, action: str) -> None:
    sent = read_journey(Source("j.yaml", f"{PIN}  - {{name: send, http: {action}}}\n"))
    found = await run_journey(sent, settings_for(environ={"SHOP_URL": shop.url, "PIN": "123"}))
    assert found.failure is not None
    assert found.failure.message == "the secret pin was not sent: it is bound to shop.test, and this is another host"
    assert shop.state["requests"] == 0


async def test_no_form_of_a_secret_is_in_the_record(shop: Shop) -> None:
    secret = 'p&ss "wörd"/<+>?'
    steps = """\
  - name: a
    http:
      post: ${shop}/echo
      params: {q: "${card}"}
      headers: {X-Card: '${card | base64}', X-Url: '${card | url_encode}'}
      json: {card: "${card}", deep: {"${card}": ["x${card}x"]}}
    capture: {all: {body: }, sent: {jsonpath: $.body}}
    check: [{jsonpath: $.body, equals: "${card}"}]
""".replace('"${card}": [', "key: [")
    found = await run_journey(journey(steps, SECRET), settings_for(environ={"SHOP_URL": shop.url, "TEST_CARD": secret}))
    record = encode_run(found).decode()
    shown = json.dumps(json.loads(record), ensure_ascii=False)
    forms = [
        secret,
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    ]
    forms.append(base64.b64encode(secret.encode()).decode()[:-4])
    assert [form for form in forms if form in record or form in shown] == []
    assert ("[card]" in record, found.steps[0].verdict) == (True, FAILED)


# --- time


@pytest.mark.parametrize("clock", list(Clock))
async def test_the_environment_says_whose_clock_the_wire_is_read_from(shop: Shop, clock: Clock) -> None:
    found = await run(LOOK, "", environ={"SHOP_URL": shop.url, "PROBE_CLOCK": clock})
    assert [each.clock for step in found.steps for each in step.attempts[0].exchanges] == [clock]


async def test_times_come_from_the_clocks_that_are_given(shop: Shop) -> None:
    ticks = count(step=1000)
    clocks = Clocks(monotonic_ns=ticks.__next__, now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    settings = settings_for(environ={"SHOP_URL": shop.url, "PROBE_CLOCK": "user"})  # the kernel's ticks on its own
    found = await run_journey(journey(LOOK), settings, clocks=clocks)
    step = found.steps[0]
    assert found.started_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert all(took % 1000 == 0 for took in (found.duration_ns, step.started_ns, step.duration_ns))
    assert 0 < step.started_ns < step.started_ns + step.duration_ns < found.duration_ns < 100_000
    assert sum(step.phases.values()) == step.duration_ns


async def test_connections_are_kept_within_a_run_and_not_beyond_it(shop: Shop) -> None:
    runs = [await run(LOOK + LOOK.replace("look", "again"), shop.url) for _ in range(2)]
    reused = [step.attempts[0].exchanges[0].reused for found in runs for step in found.steps]
    assert reused == [False, True, False, True]


async def test_a_run_that_takes_too_long_is_cut_and_cleaned_up(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/healthz")
    found = await run(BUY + LOOK + FAIL + LEAVE, shop.url, timeout_ns=1500 * MS)
    cut = next(step for step in found.steps if step.name == "look")
    assert cut.failure is not None
    assert (cut.failure.cause, cut.failure.place) == (Cause.TIMEOUT, cut.place)
    assert re.fullmatch(r"the run's time limit of 1\.50 s ran out .* into look, in processing", cut.failure.message)
    assert (found.verdict, verdicts(found)["fail"], verdicts(found)["leave"]) == (FAILED, SKIPPED, PASSED)
    assert effects(found) == [("pay", EffectState.UNDONE, True)]
    assert list(cut.attempts[0].exchanges[0].phases)[-2:] == [Phase.PROCESSING, Phase.OTHER]


async def test_a_run_that_takes_too_long_says_which_step_took_its_time(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/healthz")
    found = await run("  - {name: browse, wait: 2s}\n" + LOOK, shop.url, timeout_ns=3000 * MS)
    assert found.failure is not None
    message = r"the run's time limit of 3\.00 s ran out .* into look, in processing; browse had taken 2\.\d\d s of it"
    assert re.fullmatch(message, found.failure.message)


async def test_a_run_that_is_cut_between_two_attempts_was_in_no_phase(shop: Shop) -> None:
    poll = (
        "  - {name: wait, poll: {every: 20s, timeout: 30s, until: [{status: 201}]}, http: {get: '${shop}/healthz'}}\n"
    )
    found = await run(poll, shop.url, timeout_ns=1000 * MS)
    assert found.failure is not None
    assert re.fullmatch(r"the run's time limit of 1\.00 s ran out .* into wait", found.failure.message)


async def test_a_read_that_passes_on_a_second_connection_makes_the_run_flaky(serve: Serve) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(connections):  # the first one dies as its second request comes
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")

    found = await run(LOOK + LOOK.replace("look", "again"), await serve(talk))
    assert (found.verdict, found.flaky, [step.flaky for step in found.steps]) == (PASSED, True, [False, True])


async def test_undos_have_their_own_time_and_leave_always_its(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/orders")
    limited = replace(journey(BUY + LEAVE), cleanup_timeout=Duration(400 * MS))
    found = await run_journey(limited, settings_for(shop.url))
    undo, leave = found.steps[-2:]
    assert undo.failure is not None
    assert undo.failure.message == "the cleanup's time of 400 ms ran out"
    assert leave.verdict is PASSED
    assert effects(found) == [("pay", EffectState.OPEN, True)]


async def test_a_step_has_its_own_time(shop: Shop) -> None:
    shop.faults = Faults(chunk_delay=30, path="/bytes")
    found = await run("  - {name: a, timeout: 300ms, http: {get: '${shop}/bytes/9'}}\n" + LEAVE, shop.url)
    assert found.failure is not None
    assert found.failure.message == "no whole answer within 300 ms: the time ran out in transfer"
    assert verdicts(found) == {"a": FAILED, "leave": PASSED}


# --- Ctrl-C


async def interrupted(steps: str, url: str, at: str) -> Run:
    """A run that is interrupted a moment after the step `at` began."""
    interrupt = Interrupt()

    def watch(progress: Progress) -> None:
        if progress.step == at and progress.verdict is None:
            asyncio.get_running_loop().call_later(0.3, interrupt.request)

    return await run_journey(journey(steps), settings_for(url), interrupt=interrupt, watch=watch)


async def test_an_interrupt_cuts_the_step_and_still_cleans_up(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/healthz")
    found = await interrupted(BUY + LOOK + FAIL + LEAVE, shop.url, "look")
    expected = {"browse": PASSED, "fill": PASSED, "pay": PASSED, "look": ERRORED, "fail": SKIPPED}
    assert verdicts(found) == {**expected, "undo pay": PASSED, "leave": PASSED}
    cut = found.steps[3]
    assert (found.interrupted, cut.failure) == (True, Failure(Cause.AGENT, "interrupted", cut.place))
    assert Phase.PROCESSING in cut.attempts[0].exchanges[0].phases
    assert found.steps[4].skipped == "interrupted before it"


async def test_an_interrupted_write_has_an_unknown_outcome(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/pay")
    found = await interrupted(BUY + LEAVE, shop.url, "pay")
    assert (effects(found), verdicts(found)["undo pay"]) == ([("pay", EffectState.UNKNOWN, True)], SKIPPED)


async def test_a_write_interrupted_before_it_was_sent_leaves_nothing(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    found = await interrupted(PAY, (await serve(talk)).replace("http:", "https:"), "pay")
    assert (found.interrupted, found.effects) == (True, ())


async def test_an_interrupt_before_the_start_sends_nothing(shop: Shop) -> None:
    interrupt = Interrupt()
    interrupt.request()
    found = await run_journey(journey(LOOK + FAIL), settings_for(shop.url), interrupt=interrupt)
    assert (verdicts(found), shop.state["requests"]) == ({"look": ERRORED, "fail": SKIPPED}, 0)


async def test_an_interrupt_may_be_asked_for_while_it_is_obeyed_and_afterwards(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/healthz")
    interrupt, loop, errors = Interrupt(), asyncio.get_running_loop(), list[Any]()
    loop.set_exception_handler(lambda loop, error: errors.append(error))

    def insist() -> None:
        for _ in range(3):
            loop.call_soon(interrupt.request)
        interrupt.request()
        loop.call_soon(lambda: loop.call_soon(interrupt.request))

    loop.call_later(0.3, insist)
    found = await run_journey(journey(LOOK), settings_for(shop.url), interrupt=interrupt)
    interrupt.request()
    assert (found.interrupted, errors) == (True, [])


async def test_a_cancelled_run_ends_at_once(shop: Shop) -> None:
    shop.faults = Faults(header_delay=30, path="/healthz")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await run(LOOK + LEAVE, shop.url)
    assert shop.state["requests"] == 1


# --- whatever happens


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_fifty_runs_leave_nothing_open(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def runs() -> tuple[int, int, int]:
        async with Shop(tls=True) as shop:
            assert shop.ca_pem
            trust = ssl.create_default_context(cadata=shop.ca_pem.decode())
            before = 0
            for number in range(51):
                shop.faults = Faults(header_delay=0.03, tls_delay=0.02 * (number % 2), path="/healthz")
                url = shop.https_url if number % 2 else shop.url
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.008 * (number % 9) if number % 3 else None):
                        await run(LOOK + PAY + LEAVE, url or "", tls=trust)
                before = before or await _settled(10**9)
            return before, await _settled(before), len(asyncio.all_tasks()) - 1

    with asyncio.Runner(loop_factory=new_loop) as runner:
        before, after, tasks = runner.run(runs())
    assert (after <= before, tasks) == (True, 1)  # the one is the shop's, which accepts connections


async def _settled(most: int) -> int:
    """How many descriptors are open, once the shop has closed its ends."""
    for _ in range(100):
        await asyncio.sleep(0.05)
        if _descriptors() <= most:
            break
    return _descriptors()


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


PLACE = Place("journey.yaml", 1, 1, 2)
ACTS = ("pass", "fail", "ours", "bug", "hang", "interrupt")


class Scripted:
    """A step kind whose actions are words: what the step does."""

    Action = str
    DESCRIPTION = "What a test says."
    SHOWS = frozenset[Seen]()

    def __init__(self, interrupt: Interrupt | None = None, opens: bool = True, closes: bool = True) -> None:
        self.interrupt = interrupt or Interrupt()
        self.opens = opens
        self.closes = closes

    def time_limit(self, action: str) -> int:
        return 60_000 * MS

    @asynccontextmanager
    async def open_session(self, options: Options) -> AsyncIterator[None]:
        if not self.opens:
            raise OSError("there is no stage")
        yield
        if not self.closes:
            raise OSError("the curtain is stuck")

    async def perform(self, action: str, session: None, performance: Performance) -> Observation:
        performance.sent = bool(performance.write_key)
        began = performance.options.clock()
        await asyncio.sleep(0)
        match action:
            case "fail":
                raise StepFailure(Failure(Cause.PROTOCOL, "it broke"))
            case "ours":
                raise StepFailure(Failure(Cause.SCRIPT, "we broke it"))
            case "bug":
                raise LookupError(action)
            case "interrupt":
                self.interrupt.request()
        if action in ("hang", "interrupt"):
            await asyncio.sleep(3600)
        ended = performance.options.clock()
        return Observation(began, ended, {Phase.OTHER: ended - began})


@st.composite
def scripted_steps(draw: st.DrawFn, prefix: str) -> tuple[Step, ...]:
    steps = []
    for number, act in enumerate(draw(st.lists(st.sampled_from(ACTS), min_size=prefix == "s", max_size=4))):
        step = Step(name=Label(f"{prefix}{number}"), kind="scripted", action=act, place=PLACE)
        undo = draw(st.none() | st.sampled_from(ACTS))
        if prefix == "s" and draw(st.booleans()):
            back = undo and Undo(name=Label(f"undo {step.name}"), kind="scripted", action=undo, place=PLACE)
            step = replace(step, effect=EffectKind.WRITE, undo=back)
        steps.append(step)
    return tuple(steps)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripted_steps("s"), scripted_steps("a"), st.booleans())
def test_every_step_has_exactly_one_result_whatever_happens(
    monkeypatch: pytest.MonkeyPatch, steps: tuple[Step, ...], always: tuple[Step, ...], stop: bool
) -> None:
    interrupt = Interrupt()
    monkeypatch.setitem(KINDS, "scripted", Scripted(interrupt))
    written = Journey(
        name=Label("j"), steps=steps, always=Cleanup(always), file="j", place=PLACE, cleanup_timeout=Duration(10 * MS)
    )
    given = settings_for(stop_before_writes=stop, timeout_ns=10 * MS)
    found = asyncio.run(run_journey(written, given, interrupt=interrupt))
    for section, expected in ((Section.STEPS, steps), (Section.ALWAYS, always)):
        assert [step.name for step in found.steps if step.section is section] == [step.name for step in expected]
    assert_consistent(found)


def assert_consistent(found: Run) -> None:
    for step in found.steps:
        assert (step.verdict is SKIPPED) == bool(step.skipped) == (not step.attempts)
        assert (step.verdict in (FAILED, ERRORED)) == (step.failure is not None)
        assert all(sum(each.phases.values()) == each.duration_ns >= 0 for each in step.attempts)
    sections = [list(Section).index(step.section) for step in found.steps]
    assert sections == sorted(sections)
    bad = [step for step in found.steps if step.failure and step.section is not Section.UNDO]
    assert found.failure == (bad[0].failure if bad else None)
    in_order = [step.verdict for step in found.steps if step.section is Section.STEPS]
    after = in_order[next((n for n, verdict in enumerate(in_order) if verdict is not PASSED), 0) + 1 :]
    assert PASSED in in_order[:1] or set(after) <= {SKIPPED}
    undone = {step.name.removeprefix("undo ") for step in found.steps if step.section is Section.UNDO}
    assert undone <= {effect.step for effect in found.effects}
    assert decode_run(encode_run(found)) == found


async def test_a_kind_that_does_not_open_errors_the_run_and_accounts_for_every_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(KINDS, "scripted", Scripted(opens=False))
    steps = tuple(Step(name=Label(name), kind="scripted", action="pass", place=PLACE) for name in ("a", "b"))
    written = Journey(name=Label("j"), steps=steps, file="j", place=PLACE)
    found = await run_journey(written, settings_for())
    assert found.failure == Failure(Cause.AGENT, "scripted steps cannot be performed here: there is no stage", PLACE)
    assert [step.skipped for step in found.steps] == ["the run could not start"] * 2


async def test_a_kind_that_does_not_close_errors_the_run_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "scripted", Scripted(closes=False))
    step = Step(name=Label("a"), kind="scripted", action="pass", place=PLACE)
    found = await run_journey(Journey(name=Label("j"), steps=(step,), file="j", place=PLACE), settings_for())
    assert found.failure == Failure(Cause.AGENT, "a session could not be closed: the curtain is stuck", PLACE)
    assert [step.verdict for step in found.steps] == [PASSED]


async def test_progress_is_told_when_a_step_begins_and_ends(shop: Shop) -> None:
    told: list[tuple[str, Section, Verdict | None]] = []
    await run_journey(
        journey(LOOK + LEAVE),
        settings_for(shop.url),
        watch=lambda progress: told.append((progress.step, progress.section, progress.verdict)),
    )
    look, leave = ("look", Section.STEPS), ("leave", Section.ALWAYS)
    assert told == [(*look, None), (*look, PASSED), (*leave, None), (*leave, PASSED)]


async def test_the_record_says_who_ran_what(shop: Shop) -> None:
    found = await run(LOOK, shop.url)
    assert (found.journey, found.file, found.region, found.agent) == ("test", "journey.yaml", "here", "me")
    assert (found.trigger, found.schema, found.interrupted) == (Trigger.MANUAL, 1, False)


async def test_whom_to_ask_for_names_is_said_by_the_environment(shop: Shop) -> None:
    with name_server({"shop.test": ("127.0.0.1",)}) as names:
        environ = {"SHOP_URL": shop.url.replace("127.0.0.1", "shop.test"), "PROBE_NAMESERVERS": f" {names.address}, "}
        found = await run_journey(journey(LOOK), settings_for(environ=environ))
    assert (found.verdict, set(names.asked)) == (PASSED, {"shop.test"})


async def test_a_name_server_that_is_no_address_is_our_mistake(shop: Shop) -> None:
    environ = {"SHOP_URL": shop.url, "PROBE_NAMESERVERS": "dns.example"}
    found = await run_journey(journey(LOOK), settings_for(environ=environ))
    assert found.failure
    message = "http steps cannot be performed here: PROBE_NAMESERVERS: expected addresses, as 10.0.0.2 or 10.0.0.2:53"
    assert (found.failure.cause, found.failure.message[: len(message)]) == (Cause.AGENT, message)


async def test_cookies_expire_by_the_runs_wall_clock(serve: Serve) -> None:
    sent: list[bool] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            sent.append(b"Cookie: a=1" in await reader.readuntil(b"\r\n\r\n"))
            cookie = b"Set-Cookie: a=1; Expires=Fri, 06 Jan 2017 00:00:00 GMT\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n" + cookie + b"Content-Length: 0\r\n\r\n")

    url = await serve(talk)
    for year in (2017, 2018):
        clocks = Clocks(now=lambda year=year: datetime(year, 1, 1, tzinfo=UTC))  # type: ignore[misc]
        await run_journey(journey(LOOK + LOOK.replace("look", "again")), settings_for(url), clocks=clocks)
    assert sent == [False, True, False, False]


# --- how the shop knows it

ECHO = "  - {name: look, http: {get: '${shop}/echo'}, capture: {seen: {body: }}}\n"


async def sent_headers(url: str, **environ: str) -> tuple[Run, dict[str, str]]:
    found = await run_journey(journey(ECHO), settings_for(url, environ={"SHOP_URL": url, **environ}))
    seen = json.loads(found.steps[0].attempts[0].captures[0].value)
    return found, {name.lower(): value for name, value in seen["headers"]}


async def test_the_shop_gets_the_runs_trace_and_no_signature_without_a_key(shop: Shop) -> None:
    found, headers = await sent_headers(shop.url)
    assert headers["traceparent"].split("-")[1] == found.run_id.replace("-", "")
    assert ("x-synthetic" in headers, "(synthetic)" in headers["user-agent"]) == (False, True)


async def test_with_a_key_its_requests_are_signed_and_the_key_is_a_secret(shop: Shop) -> None:
    found, headers = await sent_headers(shop.url, PROBE_SYNTHETIC_KEY="a key of the shop")
    assert f"run={found.run_id}; sig=" in headers["x-synthetic"]
    assert "a key of the shop" not in repr(found)


async def test_a_host_that_is_not_the_shops_gets_neither(shop: Shop) -> None:
    text = ECHO.replace("${shop}", shop.url)
    elsewhere = journey(text, HEAD)
    found = await run_journey(elsewhere, settings_for("http://shop.invalid"))
    seen = json.loads(found.steps[0].attempts[0].captures[0].value)
    assert "traceparent" not in {name.lower() for name, _ in seen["headers"]}


CHALLENGED = """\
  - name: pay
    effect: write
    http: {post: "${shop}/pay", body: pay, auth: {digest: {user: ali, password: "${password}"}}}
    undo: {http: {delete: "${shop}/pay", auth: {digest: {user: ali, password: "${password}"}}}}
"""
LOGIN = 'secrets: {password: {env: PASSWORD, default: "open sesame"}}\n'


@pytest.mark.parametrize("dies_at", [0, 2])
async def test_a_write_with_digest_is_undone_whatever_became_of_it(serve: Serve, dies_at: int) -> None:
    server = DigestServer()
    server.dies_at = dies_at
    found = await run_journey(journey(CHALLENGED, HEAD + LOGIN), settings_for(await serve(server.talk)))
    assert [effect.state for effect in found.effects] == [EffectState.UNDONE]
    assert [method for method, _, _ in server.seen] == ["GET", "POST", "GET", "DELETE"]


async def test_a_write_whose_challenge_never_came_left_nothing(serve: Serve) -> None:
    server = DigestServer()
    server.dies_at = 1
    found = await run_journey(journey(CHALLENGED, HEAD + LOGIN), settings_for(await serve(server.talk)))
    assert (found.effects, found.verdict, [method for method, _, _ in server.seen]) == ((), FAILED, ["GET"])


async def test_a_write_whose_credentials_were_refused_left_nothing(serve: Serve) -> None:
    server = DigestServer(password="another")
    found = await run_journey(journey(CHALLENGED, HEAD + LOGIN), settings_for(await serve(server.talk)))
    assert (found.effects, found.verdict) == ((), FAILED)
    assert [(method, status) for method, _, status in server.seen] == [("GET", 401), ("POST", 401)]


GRANTED = """\
  - name: look
    http:
      get: ${shop}/page?seen=${client_secret | url_encode}
      auth: {oauth2: {token_url: "${shop}/token", client_id: shop probe, client_secret: "${client_secret}"}}
    check: [{status: 200}]
"""


async def test_runs_of_one_process_share_their_tokens_and_no_record_has_one(serve: Serve) -> None:
    server = TokenServer()
    url = await serve(server.talk)
    settings = settings_for(url)
    look = journey(GRANTED, HEAD + "secrets: {client_secret: {env: CLIENT_SECRET, default: 's3cret & more'}}\n")
    runs = [await run_journey(look, settings) for _ in range(2)]
    assert ([run.verdict for run in runs], len(server.asked)) == ([PASSED, PASSED], 1)
    server.good.clear()
    server.said["access_token"] = "another-token"
    again = await run_journey(look, settings)
    assert [[each.role for each in run.steps[0].attempts[0].exchanges] for run in (*runs, again)] == [
        [Role.TOKEN, Role.REQUEST],
        [Role.REQUEST],
        [Role.CHALLENGE, Role.TOKEN, Role.REQUEST],
    ]
    for run in (*runs, again):
        assert_consistent(run)
        assert all(secret not in encode_run(run).decode() for secret in ("token-1", "another-token", "s3cret"))
        (attempt,) = run.steps[0].attempts
        assert sum(attempt.phases.values()) == attempt.duration_ns == attempt.exchanges[-1].duration_ns


async def test_a_step_without_a_token_says_so_and_took_no_time_of_the_targets(serve: Serve) -> None:
    server = TokenServer()
    server.think_s = 30
    slow = GRANTED + "    timeout: 300ms\n"
    look = journey(slow, HEAD + "secrets: {client_secret: {env: CLIENT_SECRET, default: 's3cret & more'}}\n")
    found = await run_journey(look, settings_for(await serve(server.talk)))
    assert found.failure
    message = "no token within 300 ms: the time ran out in processing"
    assert (found.failure.cause, found.failure.message) == (Cause.TIMEOUT, message)
    assert (found.steps[0].duration_ns, found.steps[0].phases) == (0, {Phase.OTHER: 0})


async def test_the_network_of_the_agent_the_journey_and_the_step_is_one(serve: Serve) -> None:
    url = await serve(DigestServer().talk)
    port = url.rpartition(":")[2]
    head = f"{HEAD}network: {{resolve: {{shop.test: 127.0.0.1}}, family: any}}\n"
    request = f"{{get: 'http://shop.test:{port}/', network: {{source: 127.0.0.9}}}}"
    step = f"  - {{name: look, http: {request}, check: [{{status: 401}}]}}\n"
    agents = Network(family=Family.IPV6, resolve={"shop.test": parse_text("127.0.0.2", Place("agent.yaml", 1, 1, 2))})
    found = await run_journey(journey(step, head), settings_for(url, network=agents))
    assert (found.verdict, found.steps[0].attempts[0].exchanges[0].remote) == (PASSED, f"127.0.0.1:{port}")
