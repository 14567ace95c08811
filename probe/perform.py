"""One step: its attempts, what they observed, and what came of the checks. The runner puts steps in a row."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.evaluate.check import run_capture, run_check
from probe.evaluate.scope import Scope
from probe.evaluate.template import RenderError
from probe.model.duration import format_duration
from probe.model.journey import Check, EffectKind, Find, Poll, Retry, Step, Undo
from probe.model.observation import Observation
from probe.model.result import (
    Attempt,
    CaptureResult,
    Cause,
    CheckResult,
    Failure,
    Role,
    Section,
    StepResult,
    Verdict,
    of_addresses,
    timed,
)
from probe.model.timing import Phase, add_phases
from probe.safety.redaction import Redactor
from probe.steps import KINDS
from probe.steps.base import BODY_SHOWN, Options, Performance


class Stage(Struct):
    """What the steps of one run have in common."""

    scope: Scope
    options: Options
    redactor: Redactor
    session: Callable[[str], Awaitable[Any]]
    """The open session of a step kind."""
    write_key: Callable[[str], str]
    """The idempotency key of a write step or an undo, by its name."""
    before_write: Callable[[Step], Awaitable[None]]
    """Awaited before a write is sent; StepFailure keeps it from being sent."""
    cut: Callable[[Phase | None], Failure]
    """Why a step was cancelled, in that phase of an exchange if it was in one."""
    done: Callable[[Step, "Outcome"], None]
    """Told of every step that was begun, a cancelled one included."""


class Outcome(Struct, frozen=True):
    """What came of a step: its record, and what the runner must know of its first request beyond that."""

    result: StepResult
    sent: bool
    """Whether a byte of it may have left."""
    status: int | None
    """The answer to it: a redirect that was followed is one too."""
    absent: bool = False
    """Of a Find: whether there is nothing to be found."""


async def perform_step(step: Step, stage: Stage, section: Section) -> Outcome:
    trail = _Trail(step, stage)
    try:
        failure = await (_tried(trail, step.retry) if step.poll is None else _poll(trail, step.poll))
    except asyncio.CancelledError:
        stage.done(step, _outcome(trail, section, trail.cut or stage.cut(None)))
        raise
    outcome = _outcome(trail, section, failure)
    stage.done(step, outcome)
    return outcome


class _Trail:
    """The attempts made so far: they outlive a cancelled step."""

    def __init__(self, step: Step, stage: Stage) -> None:
        self.step = step
        self.stage = stage
        self.attempts: list[Attempt] = []
        self.began = stage.options.clock()
        self.passed_at: int | None = None
        self.gave_up = False
        self.absent = False
        self.cut: Failure | None = None
        """Of the attempt that was cancelled."""
        self.sent = False
        self.status: int | None = None

    def note(self, status: int | None) -> None:
        """The answer to an attempt: of several, one that may have done something counts, and not a later refusal."""
        if not self.attempts or refused(self.status):
            self.status = status


def refused(status: int | None) -> bool:
    """Whether the target said that it did not do what was asked (RFC 9110 §15.5); 408 leaves it open."""
    return status is not None and 400 <= status < 500 and status != 408


async def _tried(trail: _Trail, retry: Retry | None) -> Failure | None:
    limit = trail.step.timeout or KINDS[trail.step.kind].time_limit(trail.step.action)
    while True:
        failure = (await _attempt(trail, limit, None)).failure
        if failure is None or retry is None or failure.cause.verdict is Verdict.ERRORED:
            return failure
        if len(trail.attempts) == retry.attempts:
            return replace(failure, message=f"{failure.message} (at the last of {retry.attempts} attempts)")
        await asyncio.sleep(retry.every / 1e9)


async def _poll(trail: _Trail, poll: Poll) -> Failure | None:
    clock = trail.stage.options.clock
    limit = trail.step.timeout or KINDS[trail.step.kind].time_limit(trail.step.action)
    deadline = clock() + poll.timeout
    while True:
        attempt = await _attempt(trail, min(limit, max(deadline - clock(), 1)), poll)
        failure = attempt.failure
        if failure is None or trail.passed_at is not None or failure.cause.verdict is Verdict.ERRORED:
            return failure
        if trail.gave_up:
            return failure
        if clock() + poll.every >= deadline:
            return _out_of_time(failure, poll, len(trail.attempts))
        await asyncio.sleep(poll.every / 1e9)


def _out_of_time(failure: Failure, poll: Poll, attempts: int) -> Failure:
    if failure.cause not in (Cause.CHECK, Cause.STATUS, Cause.TIMEOUT):
        return failure
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    message = f"until did not hold within {format_duration(poll.timeout)} ({tries})"
    return replace(failure, cause=Cause.TIMEOUT, message=message)


async def _attempt(trail: _Trail, limit_ns: int, poll: Poll | None) -> Attempt:
    step, stage = trail.step, trail.stage
    key = stage.write_key(step.name) if step.effect is EffectKind.WRITE or isinstance(step, Undo) else ""
    performance = Performance(stage.scope, stage.options, key)
    began = stage.options.clock()
    performance.deadline_ns = began + limit_ns
    seen: Observation | None = None
    failure: Failure | None = None
    try:
        session = await stage.session(step.kind)
        if step.effect is EffectKind.WRITE:
            await stage.before_write(step)
        async with asyncio.timeout(limit_ns / 1e9):
            seen = await KINDS[step.kind].perform(step.action, session, performance)
    except TimeoutError:
        failure = _timed_out(limit_ns, performance)
    except StepFailure as error:
        failure = error.failure
    except asyncio.CancelledError:
        failure = trail.cut = stage.cut(performance.waiting_in if performance.exchanges else None)
        raise
    except Exception as error:  # noqa: BLE001 - a bug in a step kind must not take the run's record with it
        failure = _mistake(error)
    finally:
        trail.sent = trail.sent or performance.sent
        trail.note(next((each.status for each in performance.exchanges if each.role is Role.REQUEST), None))
        attempt = _judge(trail, performance, seen, failure, began, poll)
        trail.attempts.append(attempt)
    return attempt


def _mistake(error: Exception) -> Failure:
    return Failure(Cause.AGENT, f"the agent made a mistake: {type(error).__name__}: {error}")


def _timed_out(limit_ns: int, performance: Performance) -> Failure:
    phase = performance.waiting_in
    awaited = "no token" if performance.awaits_token else "no whole answer" if phase is Phase.TRANSFER else "no answer"
    return Failure(Cause.TIMEOUT, f"{awaited} within {format_duration(limit_ns)}: the time ran out in {phase}")


def _judge(
    trail: _Trail,
    performance: Performance,
    seen: Observation | None,
    failure: Failure | None,
    began: int,
    poll: Poll | None,
) -> Attempt:
    """The attempt's record, with checks and captures when there is something to look at."""
    checks: list[CheckResult] = []
    captures: list[CaptureResult] = []
    if seen is not None:
        try:
            failure = _look_at_all(trail, seen, poll, checks, captures)
        except RenderError as error:
            failure = Failure(Cause.SCRIPT, str(error), error.place, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - as above: the target chose what is looked at
            failure = _mistake(error)
    if failure is not None and failure.place is None:
        failure = replace(failure, place=trail.step.place)
    started, ended = _span(performance, seen, began)
    exchanges = tuple(performance.exchanges)
    return Attempt(
        started_ns=started,
        duration_ns=ended - started,
        phases=dict(seen.phases) if seen else add_phases((each.phases for each in timed(exchanges)), ended - started),
        verdict=Verdict.PASSED if failure is None else failure.cause.verdict,
        exchanges=exchanges,
        checks=tuple(checks),
        captures=tuple(captures),
        failure=failure,
        body=_shown(performance, seen) if failure else "",
    )


def _shown(performance: Performance, seen: Observation | None) -> str:
    return performance.came if seen is None or seen.response is None else seen.response.text[:BODY_SHOWN]


def _span(performance: Performance, seen: Observation | None, began: int) -> tuple[int, int]:
    if seen is not None:
        return seen.started_ns, seen.ended_ns
    if performance.exchanges:
        last = performance.exchanges[-1]
        ended = last.started_ns + last.duration_ns
        return next((each.started_ns for each in timed(performance.exchanges)), ended), ended
    return began, performance.options.clock()


def _look_at_all(
    trail: _Trail, seen: Observation, poll: Poll | None, checks: list[CheckResult], captures: list[CaptureResult]
) -> Failure | None:
    """Of several addresses each must hold what is checked; captured is what the last one says."""
    found = [(one, _look(trail, one, poll, checks, captures)) for one in seen.each or (seen,)]
    failures = [(one, failure) for one, failure in found if failure is not None]
    if not failures or not seen.each:
        return failures[0][1] if failures else None
    message = of_addresses([(one.address, failure) for one, failure in failures], len(seen.each))
    return replace(failures[0][1], message=message)


def _look(
    trail: _Trail, seen: Observation, poll: Poll | None, checks: list[CheckResult], captures: list[CaptureResult]
) -> Failure | None:
    step, scope = trail.step, trail.stage.scope
    if isinstance(step, Find) and step.absent:
        trail.absent = all(run_check(check, seen, scope).passed for check in step.absent)
        if trail.absent:
            return None
    if poll is not None:
        until = [run_check(check, seen, scope) for check in poll.until]
        checks += until
        if poll.fail_if and all(run_check(check, seen, scope).passed for check in poll.fail_if):
            trail.gave_up = True
            return _fail_if(poll.fail_if[0], seen, scope)
        if seen.failure or not all(result.passed for result in until):
            return seen.failure or _first_failure(list(poll.until), until)
        trail.passed_at = seen.ended_ns
    own = [run_check(check, seen, scope) for check in step.checks]
    checks += own
    failure = seen.failure or _first_failure(list(step.checks), own) or _unexpected_status(step, poll, seen)
    for capture in step.captures:
        result = run_capture(capture, seen, scope)
        if result.failure is None:
            scope.set(capture.name, result.value, secret=capture.secret)
            if capture.secret:
                trail.stage.redactor.add(capture.name, str(result.value))
        captures.append(result)
        failure = failure or result.failure
    return failure


def _fail_if(check: Check, seen: Observation, scope: Scope) -> Failure:
    result = run_check(check, seen, scope)
    message = f"fail_if holds: {result.check} {result.expected}"
    return Failure(Cause.CHECK, message, check.place, "fail_if not to hold", result.actual)


def _first_failure(checks: list[Check], results: list[CheckResult]) -> Failure | None:
    for check, result in zip(checks, results, strict=True):
        if not result.passed and not result.soft:
            cause = Cause.STATUS if check.query.name == "status" else Cause.CHECK
            message = f"{result.check}: expected {result.expected}, got {result.actual}"
            return Failure(cause, message, result.place, result.expected, result.actual, result.hint)
    return None


def _unexpected_status(step: Step, poll: Poll | None, seen: Observation) -> Failure | None:
    """A step that says nothing of the status expects 2xx: no shop error, and no redirect it did not follow."""
    said = (*step.checks, *(poll.until if poll else ()))
    if (
        seen.response is None
        or 200 <= seen.response.status < 300
        or any(check.query.name == "status" and not check.soft for check in said)
    ):
        return None
    status = seen.response.status
    hint = (
        "follow it with follow: 5, or check: [{status: 302}]"
        if 300 <= status < 400
        else f"if it is right, check: [{{status: {status}}}]"
    )
    message = f"status: expected 2xx (no check says otherwise), got {status}"
    return Failure(Cause.STATUS, message, step.place, "2xx", str(status), hint)


def _outcome(trail: _Trail, section: Section, failure: Failure | None) -> Outcome:
    return Outcome(_result(trail, section, failure), trail.sent, trail.status, trail.absent)


def _result(trail: _Trail, section: Section, failure: Failure | None) -> StepResult:
    if failure is not None and failure.place is None:
        failure = replace(failure, place=trail.step.place)
    last = trail.attempts[-1] if trail.attempts else None
    first = trail.attempts[0] if trail.attempts else None
    return StepResult(
        name=trail.step.name,
        kind=trail.step.kind,
        verdict=Verdict.PASSED if failure is None else failure.cause.verdict,
        place=trail.step.place,
        section=section,
        started_ns=first.started_ns if first else trail.began,
        duration_ns=last.duration_ns if last else 0,
        phases=last.phases if last else {},
        attempts=tuple(trail.attempts),
        time_to_pass_ns=trail.passed_at - first.started_ns if trail.passed_at is not None and first else None,
        failure=failure,
        flaky=failure is None and last is not None and (_again(trail) or any(each.failure for each in last.exchanges)),
    )


def _again(trail: _Trail) -> bool:
    """Whether the step was tried again because it had failed; a poll asks again anyway."""
    return trail.step.retry is not None and len(trail.attempts) > 1
