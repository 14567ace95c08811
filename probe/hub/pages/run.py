"""One run: its verdict, what broke and where in the file, its waterfall, its checks, and the agent's own health."""

from collections.abc import Iterator

from msgspec import Struct

from probe.export.text import cut, excerpt
from probe.hub.facts import RunLine
from probe.hub.pages.known import RunKnown
from probe.hub.pages.moment import Moment, interval, moment
from probe.hub.pages.paths import run_path
from probe.hub.pages.sign import Sign, run_sign
from probe.hub.pages.waterfall import Waterfall, waterfall
from probe.model.duration import format_duration
from probe.model.instant import nanoseconds_of
from probe.model.plain import plain_reason
from probe.model.result import Effect, Failure, Health, Run, StepResult, Verdict

_LONGEST = 2000


class Broken(Struct, frozen=True):
    """A step, or the run itself, that did not pass."""

    step: str
    sign: Sign
    reason: str
    cause: str
    message: str
    place: str
    excerpt: tuple[str, ...]
    expected: str
    actual: str
    hint: str
    body: str


class CheckRow(Struct, frozen=True):
    sign: Sign
    step: str
    check: str
    expected: str
    actual: str
    place: str
    excerpt: tuple[str, ...]


class CaptureRow(Struct, frozen=True):
    step: str
    name: str
    value: str
    sign: Sign


class Fact(Struct, frozen=True):
    name: str
    value: str
    title: str = ""


class Neighbour(Struct, frozen=True):
    """The run before or after, of the same journey in the same region."""

    path: str
    sign: Sign
    at: Moment
    words: str


class RunView(Struct, frozen=True):
    run_id: str
    journey: str
    env: str
    description: str
    region: str
    agent: str
    trigger: str
    sign: Sign
    interrupted: bool
    flaky: bool
    at: Moment
    duration: str
    exact: str
    suspect: tuple[str, ...]
    broken: tuple[Broken, ...]
    waterfall: Waterfall
    checks: tuple[CheckRow, ...]
    captures: tuple[CaptureRow, ...]
    effects: tuple[Effect, ...]
    facts: tuple[Fact, ...]
    health: tuple[Fact, ...]
    variables: tuple[Fact, ...]
    before: Neighbour | None
    after: Neighbour | None


_NOT_HELD = Sign("✗", "did not hold", "failed")
_SOFT = Sign("~", "soft: did not hold", "warning")
_HELD = Sign("✓", "held", "passed")
_CAPTURED = Sign("=", "captured", "passed")
_NOT_CAPTURED = Sign("✗", "not captured", "failed")


def run_view(known: RunKnown, now_ns: int) -> RunView:
    run = known.run
    return RunView(
        run_id=run.run_id,
        journey=run.journey,
        env=run.env,
        description=run.description,
        region=run.region,
        agent=run.agent,
        trigger=run.trigger,
        sign=run_sign(run.verdict),
        interrupted=run.interrupted,
        flaky=run.flaky,
        at=moment(nanoseconds_of(run.started_at), now_ns),
        duration=format_duration(run.duration_ns),
        exact=f"{run.duration_ns} ns",
        suspect=run.suspect,
        broken=tuple(_broken(run)),
        waterfall=waterfall(run),
        checks=tuple(sorted((row for step in run.steps for row in _checks(step)), key=_badness)),
        captures=tuple(row for step in run.steps for row in _captures(step)),
        effects=run.effects,
        facts=tuple(_facts(run)),
        health=tuple(_health(run.health)) if run.health else (),
        variables=tuple(Fact(name, cut(str(value), _LONGEST)) for name, value in run.variables.items()),
        before=_neighbour(known.before, now_ns),
        after=_neighbour(known.after, now_ns),
    )


def _neighbour(line: RunLine | None, now_ns: int) -> Neighbour | None:
    if line is None:
        return None
    where = f"{line.failed_step}: " if line.failed_step else ""
    words = f"{where}{line.reason or line.cause}" if line.cause else format_duration(line.duration_ns)
    return Neighbour(run_path(line.run_id), run_sign(line.verdict), moment(line.at_ns, now_ns), words)


def _broken(run: Run) -> Iterator[Broken]:
    steps = [step for step in run.steps if step.failure is not None]
    if run.failure is not None and not steps:
        yield _failure("", run.failure, run.verdict, "")
    for step in steps:
        assert step.failure is not None
        body = step.attempts[-1].body if step.attempts else ""
        yield _failure(step.name, step.failure, step.verdict, body)


def _failure(step: str, failure: Failure, verdict: Verdict, body: str) -> Broken:
    return Broken(
        step=step,
        sign=run_sign(verdict),
        reason=plain_reason(failure),
        cause=failure.cause,
        message=failure.message,
        place=str(failure.place) if failure.place else "",
        excerpt=tuple(excerpt(failure.place)) if failure.place else (),
        expected=failure.expected,
        actual=failure.actual,
        hint=failure.hint,
        body=body,
    )


def _checks(step: StepResult) -> Iterator[CheckRow]:
    """Those of the last attempt: it is the one whose verdict counts."""
    for check in step.attempts[-1].checks if step.attempts else ():
        sign = _HELD if check.passed else _SOFT if check.soft else _NOT_HELD
        lines = () if check.passed else tuple(excerpt(check.place))
        yield CheckRow(sign, step.name, check.check, check.expected, check.actual, str(check.place), lines)


def _badness(row: CheckRow) -> int:
    return (_NOT_HELD, _SOFT, _HELD).index(row.sign)


def _captures(step: StepResult) -> Iterator[CaptureRow]:
    for capture in step.attempts[-1].captures if step.attempts else ():
        if capture.failure is not None:
            yield CaptureRow(step.name, capture.name, capture.failure.message, _NOT_CAPTURED)
        else:
            yield CaptureRow(step.name, capture.name, cut(str(capture.value), _LONGEST), _CAPTURED)


def _facts(run: Run) -> Iterator[Fact]:
    yield Fact("Region", run.region)
    yield Fact("Agent", run.agent)
    if run.env:
        yield Fact("Environment", run.env)
    yield Fact("Trigger", run.trigger)
    if run.egress:
        yield Fact("Seen as", ", ".join(run.egress), "The agent's address as the outside saw it.")
    if run.slot:
        every = interval(run.slot.every_ns)
        yield Fact("Slot", f"{run.slot.index}, due {run.slot.due_at:%Y-%m-%d %H:%M:%S}, every {every}")
    yield Fact("File", run.file)
    if run.definition:
        yield Fact("Definition", run.definition, "Only runs of the same definition are compared.")
    if run.tags:
        yield Fact("Tags", ", ".join(run.tags))
    yield Fact("probe", run.probe)
    yield Fact("Run", run.run_id)


def _health(health: Health) -> Iterator[Fact]:
    yield Fact("Event loop", f"{format_duration(health.loop_delay_ns)} at worst", "How late Python may have looked.")
    lag, queue = format_duration(health.lag_ns), format_duration(health.queue_ns)
    yield Fact("Lag", f"{lag}, {queue} of it queued", "From the slot's instant to the beginning of the run.")
    yield Fact("Side by side", str(health.side_by_side), "Runs in flight when it began, itself included.")
    if health.cpu_ns:
        yield Fact("Processor", format_duration(health.cpu_ns), "What the agent spent meanwhile, on other runs too.")
    if health.throttled_ns:
        yield Fact("Throttled", format_duration(health.throttled_ns), "Held back meanwhile: its CPU limit is too low.")
    if health.gc_ns:
        worst = f", {format_duration(health.gc_worst_ns)} at worst" if health.gc_worst_ns else ""
        yield Fact("Garbage collection", f"{format_duration(health.gc_ns)}{worst}", "Nothing else went on meanwhile.")
    if health.timekeeping:
        yield Fact("Clock", health.timekeeping.words, "What slots and the run's instant go by.")
