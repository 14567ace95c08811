import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from textwrap import indent
from time import perf_counter_ns
from typing import Any

import pytest
from msgspec.structs import replace

from probe.evaluate.scope import Scope
from probe.model.journey import EffectKind, Label, Step
from probe.model.observation import Observation, Response, Seen
from probe.model.place import Place
from probe.model.result import Cause, Failure, Section, StepResult, Verdict
from probe.model.timing import Phase
from probe.perform import Outcome, Stage, perform_step
from probe.safety.redaction import Redactor
from probe.spec.load import read_journey
from probe.spec.source import Source
from probe.steps import KINDS, http
from probe.steps.base import Options, Performance
from probe.wire.client import Client, open_client
from tests.steps.everywhere import serving_at
from tests.wire.names import name_server

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[str]]
Act = Callable[[Performance], Awaitable[Observation]]

MS = 1_000_000
CUT = Failure(Cause.AGENT, "cut")


class Scripted:
    """A step kind whose actions are functions: they do what a test needs done."""

    Action = object
    DESCRIPTION = "What a test says."
    SHOWS = frozenset({Seen.RESPONSE})

    def time_limit(self, action: Any) -> int:
        return 30_000 * MS

    @asynccontextmanager
    async def open_session(self, options: Options) -> Any:
        yield None

    async def perform(self, action: Act, session: None, performance: Performance) -> Observation:
        return await action(performance)


class Theatre(Stage):
    """A stage for one step, with what was told of it."""

    outcomes: list[Outcome]


def stage(session: Client | None = None, clock: Callable[[], int] = perf_counter_ns) -> Theatre:
    async def opened(kind: str) -> Client | None:
        return session

    async def unasked(step: Step) -> None:
        pass

    outcomes: list[Outcome] = []
    return Theatre(
        scope=Scope({}, lambda: datetime.now(UTC), Random(0)),
        options=Options(clock=clock, user_agent="test"),
        redactor=Redactor({}),
        session=opened,
        write_key=lambda name: f"key of {name}",
        before_write=unasked,
        cut=lambda _: CUT,
        done=lambda step, outcome: outcomes.append(outcome),
        outcomes=outcomes,
    )


def written(step: str, url: str = "") -> Step:
    """The step as it would be read from a file; URL stands for the server's."""
    text = f"journey: test\nsteps:\n  - name: step\n{indent(step.replace('URL', url), '    ')}"
    return read_journey(Source("journey.yaml", text)).steps[0]


async def performed(step: Step, on: Stage | None = None) -> StepResult:
    if on is not None:
        return (await perform_step(step, on, Section.STEPS)).result
    async with open_client(perf_counter_ns, "test") as client:
        return (await perform_step(step, stage(client), Section.STEPS)).result


def answering(*bodies: str, status: int = 200) -> Talk:
    """A server that gives one answer after the other, over as many connections as it takes; then the last one again."""
    left = list(bodies)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            body = (left.pop(0) if len(left) > 1 else left[0]).encode()
            if not body:
                return
            head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)

    return talk


GET = "http: {get: URL}\n"
UNTIL_DONE = "poll: {every: 100ms, timeout: 5s, until: [{jsonpath: $.state, equals: done}]}\n"
POLL = GET + UNTIL_DONE
WAITING, DONE, BROKEN = '{"state": "waiting"}', '{"state": "done"}', '{"state": "broken"}'


async def test_what_the_kind_finds_wrong_comes_before_the_checks_which_are_made_all_the_same(serve: Serve) -> None:
    step = written(
        "http: {post: URL, graphql: {query: '{shop}'}}\ncheck: [{jsonpath: $.data.shop, equals: 1}, {status: 404}]",
        await serve(answering('{"data": {"shop": 1}, "errors": [{"message": "Late", "path": ["shop"]}]}')),
    )
    result = await performed(step)
    assert result.failure
    assert (result.failure.cause, result.failure.message) == (Cause.CHECK, "graphql: Late, at shop")
    assert [check.passed for check in result.attempts[0].checks] == [True, False]


@pytest.mark.parametrize("check", ["{body: {contains: absent}, not: true}", "{css: h2, exists: false}"])
async def test_a_check_of_a_body_that_was_cut_does_not_pass_by_what_is_not_there(serve: Serve, check: str) -> None:
    url = await serve(answering("x" * 5000))
    result = await performed(written(f"http: {{get: URL, max_body: 1KiB}}\ncheck: [{check}]", url))
    assert result.failure
    assert result.failure.actual == "only 1.0 KiB of 4.9 KiB were kept: raise max_body, or check its size or sha256"


async def test_a_time_out_shows_what_came_of_the_answer(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
        await reader.read()

    result = await performed(written("http: {get: URL}\ntimeout: 1s", await serve(talk)))
    assert result.failure
    assert (result.failure.cause, result.attempts[0].body) == (Cause.TIMEOUT, "data: first\n\n")
    assert result.failure.message.endswith("the time ran out in transfer")


async def test_a_poll_goes_on_while_the_kind_finds_something_wrong(serve: Serve) -> None:
    answers = ('{"data": {"state": "done"}, "errors": [{}]}', '{"data": {"state": "done"}}')
    poll = "poll: {every: 100ms, timeout: 50s, until: [{jsonpath: $.data.state, equals: done}]}"
    step = written(f"http: {{post: URL, graphql: {{query: '{{state}}'}}}}\n{poll}", await serve(answering(*answers)))
    result = await performed(step)
    assert (result.verdict, [each.verdict for each in result.attempts]) == (
        Verdict.PASSED,
        [Verdict.FAILED, Verdict.PASSED],
    )


@pytest.mark.parametrize("status", [200, 201, 299])
async def test_a_step_that_says_nothing_of_the_status_takes_any_success(serve: Serve, status: int) -> None:
    result = await performed(written(GET, await serve(answering("{}", status=status))))
    assert (result.verdict, result.failure) == (Verdict.PASSED, None)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (404, "if it is right, check: [{status: 404}]"),
        (503, "if it is right, check: [{status: 503}]"),
        (302, "follow it with follow: 5, or check: [{status: 302}]"),
    ],
)
async def test_a_step_that_says_nothing_of_the_status_takes_nothing_else(serve: Serve, status: int, hint: str) -> None:
    step = written(GET, await serve(answering("{}", status=status)))
    message = f"status: expected 2xx (no check says otherwise), got {status}"
    result = await performed(step)
    assert result.failure == Failure(Cause.STATUS, message, step.place, "2xx", str(status), hint)
    assert result.attempts[0].body == "{}"


async def test_a_status_that_is_asked_for_is_right(serve: Serve) -> None:
    result = await performed(written(f"{GET}check: [{{status: 503}}]", await serve(answering("{}", status=503))))
    assert (result.verdict, result.attempts[0].body) == (Verdict.PASSED, "")


async def test_a_check_that_does_not_hold_fails_the_step_at_its_place(serve: Serve) -> None:
    step = written(f"{GET}check: [{{jsonpath: $.state, equals: done}}]", await serve(answering(WAITING)))
    result = await performed(step)
    place = step.checks[0].predicates[0].place
    message = 'jsonpath $.state: expected equals "done", got "waiting"'
    assert result.failure == Failure(Cause.CHECK, message, place, 'equals "done"', '"waiting"')


async def test_a_soft_check_is_reported_and_fails_nothing(serve: Serve) -> None:
    step = written(f"{GET}check: [{{body: {{contains: x, soft: true}}}}]", await serve(answering("{}")))
    result = await performed(step)
    assert (result.verdict, [check.passed for check in result.attempts[0].checks]) == (Verdict.PASSED, [False])


async def test_captures_are_kept_even_when_a_check_fails(serve: Serve) -> None:
    step = written(
        f"{GET}check: [{{status: 201}}]\ncapture: {{state: {{jsonpath: $.state}}}}", await serve(answering(DONE))
    )
    async with open_client(perf_counter_ns, "test") as client:
        on = stage(client)
        result = await performed(step, on)
    assert (result.verdict, on.scope.find("state")) == (Verdict.FAILED, "done")


async def test_a_capture_that_finds_nothing_fails_the_step(serve: Serve) -> None:
    step = written(f"{GET}capture: {{order: {{jsonpath: $.id}}}}", await serve(answering(DONE)))
    result = await performed(step)
    assert result.failure is not None
    assert (result.failure.cause, result.failure.place) == (Cause.CAPTURE, step.captures[0].place)


async def test_a_captured_secret_is_redacted_from_then_on(serve: Serve) -> None:
    step = written(
        f"{GET}capture: {{token: {{jsonpath: $.state, secret: true}}}}", await serve(answering('{"state": "s3cr3t!"}'))
    )
    async with open_client(perf_counter_ns, "test") as client:
        on = stage(client)
        await performed(step, on)
    assert on.redactor.text("Bearer s3cr3t!") == "Bearer [token]"


async def test_a_poll_goes_on_until_it_holds(serve: Serve) -> None:
    result = await performed(written(POLL, await serve(answering(WAITING, WAITING, DONE))))
    verdicts = [attempt.verdict for attempt in result.attempts]
    assert (result.verdict, verdicts) == (Verdict.PASSED, [Verdict.FAILED, Verdict.FAILED, Verdict.PASSED])
    last = result.attempts[-1]
    assert (result.duration_ns, result.phases) == (last.duration_ns, last.phases)
    assert result.time_to_pass_ns is not None
    assert result.time_to_pass_ns == last.started_ns + last.duration_ns - result.attempts[0].started_ns
    assert result.time_to_pass_ns >= 200 * MS > result.duration_ns


async def test_a_poll_goes_on_when_the_target_is_away_for_a_moment(serve: Serve) -> None:
    result = await performed(written(POLL, await serve(answering("", WAITING, DONE))))
    assert (result.verdict, len(result.attempts)) == (Verdict.PASSED, 3)


async def test_a_poll_gives_up_when_it_is_told_to(serve: Serve) -> None:
    step = written(
        POLL.replace("until", "fail_if: [{jsonpath: $.state, equals: broken}], until"),
        await serve(answering(WAITING, BROKEN, DONE)),
    )
    result = await performed(step)
    assert result.failure is not None
    assert result.failure.message == 'fail_if holds: jsonpath $.state equals "broken"'
    assert (result.failure.cause, len(result.attempts), result.time_to_pass_ns) == (Cause.CHECK, 2, None)


async def test_a_poll_ends_with_its_time(serve: Serve) -> None:
    step = written(POLL.replace("5s", "350ms"), await serve(answering(WAITING)))
    result = await performed(step)
    assert step.poll is not None
    place, tries = step.poll.until[0].predicates[0].place, len(result.attempts)
    message = f"until did not hold within 350 ms ({tries} attempt{'s' if tries > 1 else ''})"
    assert result.failure == Failure(Cause.TIMEOUT, message, place, 'equals "done"', '"waiting"')
    assert tries > 1


async def test_the_last_attempt_of_a_poll_is_cut_when_its_time_is_over(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    result = await performed(written(POLL.replace("5s", "300ms"), await serve(talk)))
    assert result.failure is not None
    assert result.failure.message == "until did not hold within 300 ms (1 attempt)"
    assert 0.9 * 300 * MS <= result.duration_ns < 3000 * MS


async def test_what_is_checked_beside_until_is_checked_once_it_holds(serve: Serve) -> None:
    step = written(f"{POLL}check: [{{jsonpath: $.id, exists: true}}]", await serve(answering(WAITING, DONE)))
    result = await performed(step)
    assert result.failure is not None
    assert (result.failure.cause, len(result.attempts)) == (Cause.CHECK, 2)
    assert result.time_to_pass_ns is not None


async def test_a_poll_does_not_repeat_a_mistake_of_ours() -> None:
    step = written(f"http: {{get: 'http://127.0.0.1:1/ ${{random_int(1, 2)}}'}}\n{UNTIL_DONE}")
    result = await performed(step)
    assert (result.verdict, len(result.attempts)) == (Verdict.ERRORED, 1)


@pytest.mark.parametrize(
    ("said", "words", "phase"),
    [(b"", "no answer", "processing"), (b"HTTP/1.1 200 OK\r\n", "no whole answer", "transfer")],
)
async def test_a_step_that_takes_too_long_says_where_the_time_ran_out(
    serve: Serve, said: bytes, words: str, phase: str
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        while await reader.read(1):
            await asyncio.sleep(0.02)
            writer.write(b"X: y\r\n" if said else b"")  # headers without end

    step = written(f"{GET}timeout: 500ms", await serve(talk))
    result = await performed(step)
    message = f"{words} within 500 ms: the time ran out in {phase}"
    assert result.failure == Failure(Cause.TIMEOUT, message, step.place)
    assert 0.9 * 500 * MS <= result.duration_ns < 5000 * MS
    assert sum(result.phases.values()) == result.duration_ns


async def test_a_handshake_that_takes_too_long_is_said_to_be_one(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    url = (await serve(talk)).replace("http:", "https:")
    result = await performed(written(f"{GET}timeout: 300ms", url))
    assert result.failure is not None
    assert result.failure.message == "no answer within 300 ms: the time ran out in tls"
    assert list(result.phases) == [Phase.CONNECT, Phase.TLS, Phase.OTHER]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], Step]:
    """Steps that do what a function does."""
    monkeypatch.setitem(KINDS, "scripted", Scripted())
    place = Place("journey.yaml", 1, 1, 2)
    return lambda act: Step(name=Label("step"), kind="scripted", action=act, place=place)


async def test_a_bug_in_a_step_kind_is_ours_and_loses_nothing(scripted: Callable[[Act], Step], serve: Serve) -> None:
    url = await serve(answering("{}"))
    async with open_client(perf_counter_ns, "test") as client:

        async def act(performance: Performance) -> Observation:
            await http.perform(written(GET, url).action, client, performance)
            raise ZeroDivisionError("division by zero")

        step = scripted(act)
        result = await performed(step, stage())
    message = "the agent made a mistake: ZeroDivisionError: division by zero"
    assert result.failure == Failure(Cause.AGENT, message, step.place)
    assert (result.verdict, len(result.attempts[0].exchanges)) == (Verdict.ERRORED, 1)


async def test_a_bug_in_looking_at_an_answer_is_ours_and_loses_nothing(scripted: Callable[[Act], Step]) -> None:
    async def act(performance: Performance) -> Observation:
        response = Response("http://shop/", None, (), b"", "utf-8", 0, {})  # type: ignore[arg-type]
        return Observation(1, 3, {Phase.OTHER: 2}, response)

    result = await performed(scripted(act), stage())
    assert result.failure is not None
    assert (result.failure.cause, result.duration_ns) == (Cause.AGENT, 2)


async def test_a_kind_that_cannot_be_opened_is_ours(scripted: Callable[[Act], Step]) -> None:
    async def act(performance: Performance) -> Observation:
        raise AssertionError

    async def closed(kind: str) -> None:
        raise OSError(f"no {kind} here")

    on = stage()
    on.session = closed
    result = await performed(scripted(act), on)
    assert result.failure is not None
    assert result.failure.message == "the agent made a mistake: OSError: no scripted here"


async def test_a_cancelled_step_has_a_result_with_its_partial_exchange(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with open_client(perf_counter_ns, "test") as client:
        on = stage(client)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await performed(written(f"{GET}effect: write", await serve(talk)), on)
    outcome = on.outcomes[0]
    assert outcome.result.failure == Failure(Cause.AGENT, "cut", outcome.result.place)
    assert (outcome.sent, outcome.status) == (True, None)
    assert list(outcome.result.attempts[0].exchanges[0].phases)[-2:] == [Phase.PROCESSING, Phase.OTHER]


async def test_a_step_cancelled_between_two_attempts_keeps_the_first(serve: Serve) -> None:
    async with open_client(perf_counter_ns, "test") as client:
        on = stage(client)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await performed(
                    written(POLL.replace("100ms", "1h").replace("5s", "2h"), await serve(answering(WAITING))), on
                )
    result = on.outcomes[0].result
    assert (result.failure, [attempt.verdict for attempt in result.attempts]) == (
        Failure(Cause.AGENT, "cut", result.place),
        [Verdict.FAILED],
    )


async def test_only_a_write_gets_a_key(scripted: Callable[[Act], Step]) -> None:
    keys: list[str] = []

    async def act(performance: Performance) -> Observation:
        keys.append(performance.write_key)
        return Observation(0, 0, {})

    await performed(scripted(act), stage())
    await performed(replace(scripted(act), effect=EffectKind.WRITE), stage())
    assert keys == ["", "key of step"]


async def test_times_come_from_the_clock_that_is_given() -> None:
    instants = iter([10, 20, 100, 350])
    result = await performed(written("wait: 1ms"), stage(clock=instants.__next__))
    assert (result.started_ns, result.duration_ns, result.phases) == (100, 250, {Phase.OTHER: 250})


async def test_the_outcome_of_a_followed_write_is_the_answer_to_the_write_itself(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        away = b"HTTP/1.1 303 See\r\nLocation: /thanks\r\nContent-Length: 0\r\n\r\n"
        gone = b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n"
        writer.write(away if asked.startswith(b"POST") else gone)

    step = written("http: {post: URL, follow: 1}\neffect: write", await serve(talk))
    async with open_client(perf_counter_ns, "test") as client:
        on = stage(client)
        result = await performed(step, on)
    assert (result.verdict, on.outcomes) == (Verdict.FAILED, [Outcome(result, sent=True, status=303)])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((), ""),
        (("127.0.0.3",), "1 of 2 addresses failed (127.0.0.3): status: expected equals 200, got 503"),
        (
            ("127.0.0.2", "127.0.0.3"),
            "2 of 2 addresses failed ({0}, {1}): status: expected equals 200, got 503",
        ),
    ],
)
async def test_what_is_checked_must_hold_at_every_address(bad: tuple[str, ...], message: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = 503 if writer.get_extra_info("sockname")[0] in bad else 200
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi" % status)

    keys = "http: {get: URL, all_addresses: true}\ncheck: [{status: 200}]\ncapture: {word: {body: }}\n"
    with name_server({"shop.test": ("127.0.0.2", "127.0.0.3")}) as names:
        async with (
            serving_at(talk, ("127.0.0.2", "127.0.0.3")) as port,
            open_client(perf_counter_ns, "test", nameservers=[names.address]) as client,
        ):
            result = await performed(written(keys, f"http://shop.test:{port}/"), stage(client))
    (attempt,) = result.attempts
    asked = [exchange.remote.partition(":")[0] for exchange in attempt.exchanges]
    assert (result.failure.message if result.failure else "") == message.format(*asked)
    assert [check.passed for check in attempt.checks] == [address not in bad for address in asked]
    assert sum(attempt.phases.values()) == attempt.duration_ns


# --- tries


async def test_a_step_that_passes_at_its_second_try_is_flaky_and_keeps_both(serve: Serve) -> None:
    url = await serve(answering("no", "yes"))
    found = await performed(written("retry: {attempts: 3, every: 1ms}\nhttp: {get: URL}\ncheck: [{body: yes}]", url))
    assert (found.verdict, found.flaky) == (Verdict.PASSED, True)
    assert [attempt.verdict for attempt in found.attempts] == [Verdict.FAILED, Verdict.PASSED]
    assert found.duration_ns == found.attempts[-1].duration_ns


async def test_tries_end_and_say_how_many_there_were(serve: Serve) -> None:
    url = await serve(answering("no"))
    found = await performed(written("retry: {attempts: 3, every: 1ms}\nhttp: {get: URL}\ncheck: [{body: yes}]", url))
    assert found.failure is not None
    assert found.failure.message.endswith(" (at the last of 3 attempts)")
    assert (len(found.attempts), found.flaky) == (3, False)


async def test_a_mistake_of_ours_is_not_tried_again() -> None:
    found = await performed(written("""retry: {attempts: 3, every: 1ms}\nhttp: {get: '${env("NOT_SET_ANYWHERE")}'}"""))
    assert (found.verdict, len(found.attempts)) == (Verdict.ERRORED, 1)


async def test_an_idempotent_write_is_tried_again_with_the_same_key_and_its_first_try_counts(serve: Serve) -> None:
    """The first answer is lost, the second one refuses: what the first one did nobody knows."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        if len(heads) > 1:
            writer.write(b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n")

    step = "effect: write\nidempotent: true\nretry: {attempts: 2, every: 1ms}\nhttp: {post: URL}"
    async with open_client(perf_counter_ns, "test") as client:
        theatre = stage(client)
        outcome = await perform_step(written(step, await serve(talk)), theatre, Section.STEPS)
    assert [b"Idempotency-Key: key of step" in head for head in heads] == [True, True]
    assert (outcome.sent, outcome.status, outcome.result.verdict) == (True, None, Verdict.FAILED)
