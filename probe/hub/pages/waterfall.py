"""One run on its time axis: steps, their attempts, and every exchange with its phases."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from probe.export.explain import facts
from probe.hub.pages.figure import Segment, Tick, duration_ticks, percent, segments
from probe.hub.pages.sign import Sign, run_sign
from probe.model.duration import format_duration
from probe.model.result import Attempt, Exchange, Failure, Run, Section, StepResult
from probe.model.timing import Phase


class Line(Struct, frozen=True):
    """A line of the waterfall. `level` 0 is a step, 1 an attempt or an exchange of it, 2 an exchange of an attempt."""

    level: int
    sign: Sign | None
    label: str
    details: tuple[str, ...]
    segments: tuple[Segment, ...]
    duration: str
    exact: str
    failure: str = ""


class Waterfall(Struct, frozen=True):
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    phases: tuple[Phase, ...]


def waterfall(run: Run) -> Waterfall:
    exchanges = [exchange for step in run.steps for attempt in step.attempts for exchange in attempt.exchanges]
    parts = [step.phases for step in run.steps] + [exchange.phases for exchange in exchanges]
    return Waterfall(
        lines=tuple(line for step in run.steps for line in _step_lines(step, run)),
        ticks=duration_ticks(max(1, run.duration_ns)),
        phases=tuple(phase for phase in Phase if any(phase in phases for phases in parts)),
    )


def exact(nanoseconds: float) -> str:
    """In milliseconds, to the nanosecond."""
    whole, rest = divmod(round(nanoseconds), 10**6)
    return f"{whole}.{rest:06d} ms"


def _step_lines(step: StepResult, run: Run) -> Iterator[Line]:
    """A step with one exchange is one line; else its own line is the frame around those of its parts."""
    exchanges = [exchange for attempt in step.attempts for exchange in attempt.exchanges]
    single = exchanges[0] if len(exchanges) == len(step.attempts) == 1 else None
    started = single.started_ns if single else step.attempts[0].started_ns if step.attempts else step.started_ns
    ended = max((attempt.started_ns + attempt.duration_ns for attempt in step.attempts), default=started)
    framed = len(exchanges) > 1 or len(step.attempts) > 1
    yield Line(
        level=0,
        sign=run_sign(step.verdict),
        label=step.name,
        details=tuple(_step_details(step, single, run)),
        segments=_frame(started, ended, run.duration_ns) if framed else _phases(step.phases, started, run.duration_ns),
        duration="" if step.skipped else format_duration(step.duration_ns),
        exact=_from_to(started, started + step.duration_ns),
        failure=step.failure.message if step.failure else "",
    )
    if framed:
        for number, attempt in enumerate(step.attempts, 1):
            yield from _attempt_lines(attempt, number if len(step.attempts) > 1 else 0, run)


def _step_details(step: StepResult, single: Exchange | None, run: Run) -> Iterator[str]:
    if step.section is not Section.STEPS:
        yield str(step.section)
    if step.skipped:
        yield f"skipped: {step.skipped}"
    if single:
        yield from _exchange_details(single, run, spelt=True)
    elif step.attempts:
        yield step.kind
    if len(step.attempts) > 1:
        yield f"{len(step.attempts)} attempts"
    if step.time_to_pass_ns is not None:
        yield f"passed after {format_duration(step.time_to_pass_ns)}"
    if step.flaky:
        yield "flaky: it passed on a later attempt"


def _attempt_lines(attempt: Attempt, number: int, run: Run) -> Iterator[Line]:
    """Its exchanges; one of several attempts has a line of its own, which is enough when it has one exchange."""
    single = attempt.exchanges[0] if number and len(attempt.exchanges) == 1 else None
    if number:
        framed = len(attempt.exchanges) > 1
        started, ended = attempt.started_ns, attempt.started_ns + attempt.duration_ns
        scale_ns = run.duration_ns
        yield Line(
            level=1,
            sign=run_sign(attempt.verdict),
            label=f"attempt {number}",
            details=tuple(_exchange_details(single, run, spelt=True)) if single else (),
            segments=_frame(started, ended, scale_ns) if framed else _phases(attempt.phases, started, scale_ns),
            duration=format_duration(attempt.duration_ns),
            exact=_from_to(started, ended),
            failure=_message(attempt.failure),
        )
    for exchange in attempt.exchanges if not single else ():
        yield _exchange_line(exchange, 2 if number else 1, run)


def _exchange_line(exchange: Exchange, level: int, run: Run) -> Line:
    return Line(
        level=level,
        sign=None,
        label=_spelt(exchange),
        details=tuple(_exchange_details(exchange, run)),
        segments=_phases(exchange.phases, exchange.started_ns, run.duration_ns),
        duration=format_duration(exchange.duration_ns),
        exact=_from_to(exchange.started_ns, exchange.started_ns + exchange.duration_ns),
        failure=_message(exchange.failure),
    )


def _spelt(exchange: Exchange) -> str:
    answer = str(exchange.status) if exchange.status is not None else "no answer"
    return f"{exchange.method} {exchange.url} → {answer}"


def _exchange_details(exchange: Exchange, run: Run, *, spelt: bool = False) -> Iterator[str]:
    if spelt:
        yield _spelt(exchange)
    if exchange.http_version:
        yield f"HTTP/{exchange.http_version.removeprefix('HTTP/')}"
    if exchange.remote:
        yield exchange.remote
    if not exchange.reused:
        yield "new connection"
    yield from exchange.remarks
    yield from exchange.notes
    yield f"{exchange.clock} clock"
    yield from facts(exchange, run.started_at)


def _phases(phases: Mapping[Phase, int], started_ns: int, scale_ns: int) -> tuple[Segment, ...]:
    return segments(phases, started_ns, scale_ns, _title)


def _frame(started_ns: int, ended_ns: int, scale_ns: int) -> tuple[Segment, ...]:
    width = percent(ended_ns - started_ns, scale_ns)
    return (Segment("frame", percent(started_ns, scale_ns), width, _from_to(started_ns, ended_ns)),)


def _title(phase: Phase, start_ns: float, end_ns: float, total_ns: float) -> str:
    return f"{phase} {exact(end_ns - start_ns)}: {_from_to(start_ns, end_ns)}"


def _from_to(start_ns: float, end_ns: float) -> str:
    return f"from {exact(start_ns)} to {exact(end_ns)}"


def _message(failure: Failure | None) -> str:
    return failure.message if failure else ""
