"""A Run for a person at a terminal: what broke, where, how slow."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import click
from msgspec import Struct

from probe.export import explain
from probe.export.bar import LETTERS, slices, slowest
from probe.export.text import cells, cut, excerpt, padded, printable, wrapped
from probe.model.duration import format_duration
from probe.model.plain import plain_reason
from probe.model.result import Attempt, EffectState, Exchange, Failure, Run, Section, StepResult, Verdict
from probe.model.timing import Phase, Phases

_MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.ERRORED: "!", Verdict.SKIPPED: "–"}
_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.ERRORED: "magenta", Verdict.SKIPPED: "bright_black"}
_PHASE_COLOURS = {
    Phase.RESOLVE: "cyan",
    Phase.CONNECT: "yellow",
    Phase.TLS: "magenta",
    Phase.SEND: "white",
    Phase.PROCESSING: "green",
    Phase.TRANSFER: "blue",
    Phase.OTHER: None,
}
_BAR = 28
_SLOW_NS = 300_000_000
"""A server that takes so long for an answer is worth a word of why."""
_NAME = 36
_REASON = 60


class View(Struct, frozen=True):
    """How much to show, and in how many columns."""

    width: int = 100
    colour: bool = False
    verbose: bool = False
    quiet: bool = False

    def style(self, text: str, **how: Any) -> str:
        return click.style(text, **how) if self.colour else text


def report(runs: Sequence[Run], view: View) -> Iterator[str]:
    """All runs: steps in full for one run or a bad one, a line for each good one of many, failures last."""
    many = len(runs) > 1
    for run in runs:
        full = not view.quiet and (not many or view.verbose or run.verdict is not Verdict.PASSED)
        if full:
            yield from run_lines(run, view)
            yield ""
        elif not view.quiet:
            yield _headline(run, view)
    for run in runs:
        yield from failures(run, view)
    yield from _ending_lines(runs, view)
    if many or view.quiet:
        yield summary(runs, view)


def run_lines(run: Run, view: View) -> Iterator[str]:
    yield _headline(run, view)
    if run.description:
        yield f"  {cut(run.description, view.width - 2)}"
    target = run.variables.get("shop")
    facts = [run.file, f"region {run.region}", *([f"shop {target}"] if target else [])]
    yield view.style(f"  {cut(' · '.join(facts), view.width - 2)}", dim=True)
    if view.verbose:
        yield view.style(f"  run {run.run_id}", dim=True)
    yield ""
    scale = max((step.duration_ns for step in run.steps), default=0)
    name_width = min(_NAME, max((cells(_title(step)) for step in run.steps), default=0))
    for step in run.steps:
        yield from _step_lines(step, scale, name_width, view, run.started_at)
    yield from phase_legend((step.phases for step in run.steps), view)


def failures(run: Run, view: View) -> Iterator[str]:
    """Every step that did not pass, at its place in the file; then what a write left behind."""
    broken = [step for step in run.steps if step.failure is not None]
    if run.failure is not None and not broken:
        yield from _failure_lines(run.journey, run.failure, None, view, run.started_at)
        yield ""
    for step in broken:
        assert step.failure is not None
        yield from _failure_lines(f"{run.journey} › {step.name}", step.failure, step, view, run.started_at)
        yield ""
    yield from _effect_lines(run, view)


def summary(runs: Sequence[Run], view: View) -> str:
    counts = {verdict: sum(run.verdict is verdict for run in runs) for verdict in Verdict}
    words = [view.style(f"{count} {verdict}", fg=_COLOURS[verdict]) for verdict, count in counts.items() if count]
    journeys = len({run.journey for run in runs})
    what = f"{len(runs)} run{_s(len(runs))} of {journeys} journey{_s(journeys)}" if runs else "nothing was run"
    return f"{what}: {', '.join(words)}" if words else what


def phase_bar(phases: Phases, scale: int, width: int, view: View) -> str:
    """Always `width` columns, which stand for `scale` nanoseconds."""
    parts = slices(phases, scale, width)
    drawn = "".join(_letters(phase, count, view) for phase, count in parts)
    return drawn + " " * (width - sum(count for _, count in parts))


def phase_legend(shown: Iterable[Phases], view: View) -> Iterator[str]:
    """What the letters of the bars stand for; nothing when there are none."""
    used = set().union(*shown)
    if used:
        letters = "  ".join(f"{LETTERS[phase]} {phase}" for phase in Phase if phase in used)
        yield view.style(f"    {letters}", dim=True)


def _headline(run: Run, view: View) -> str:
    word = "interrupted" if run.interrupted else str(run.verdict)
    verdict = view.style(f"{_MARKS[run.verdict]} {word}", fg=_COLOURS[run.verdict], bold=True)
    name = view.style(cut(run.journey, _NAME * 2), bold=True)
    return f"{verdict}  {name}  {format_duration(run.duration_ns)}{_where(run)}"


def _where(run: Run) -> str:
    step = next((step for step in run.steps if step.failure is not None), None)
    if run.failure is None:
        return ""
    reason = cut(plain_reason(run.failure), _REASON)
    return f"  in {cut(step.name, _NAME)}: {reason}" if step else f"  {reason}"


def _title(step: StepResult) -> str:
    title = cut(step.name, _NAME)
    return cut(f"always: {title}", _NAME) if step.section is Section.ALWAYS else title


def _step_lines(step: StepResult, scale: int, name_width: int, view: View, at: datetime) -> Iterator[str]:
    mark = view.style(_MARKS[step.verdict], fg=_COLOURS[step.verdict])
    name = padded(_title(step), name_width)
    if step.verdict is Verdict.SKIPPED:
        yield view.style(
            f"  {_MARKS[step.verdict]} {name}  skipped: {cut(step.skipped, 60)}", fg=_COLOURS[step.verdict]
        )
        return
    note = _note(step)
    bar = phase_bar(step.phases, scale, _BAR, view)
    yield f"  {mark} {name}  {format_duration(step.duration_ns):>8}  {bar}  {note}".rstrip()
    if view.verbose:
        for attempt in step.attempts:
            yield from _attempt_lines(attempt, view, at)
    elif step.failure is None:
        yield from (view.style(f"      {cut(words, view.width - 6)}", dim=True) for words in _slowness(step, at))


def _slowness(step: StepResult, at: datetime) -> Iterator[str]:
    """Of the exchanges that kept the step waiting for a server."""
    for exchange in step.attempts[-1].exchanges if step.attempts else ():
        if exchange.phases.get(Phase.PROCESSING, 0) >= _SLOW_NS:
            yield from _explained(exchange, at)


def _note(step: StepResult) -> str:
    """The phase that took most of the time, and what else is worth a word."""
    words = []
    if step.phases and step.duration_ns:
        phase = slowest(step.phases)
        words.append(f"{phase} {round(100 * step.phases[phase] / step.duration_ns)} %")
    if len(step.attempts) > 1:
        passed = f", passed after {format_duration(step.time_to_pass_ns)}" if step.time_to_pass_ns is not None else ""
        words.append(f"{len(step.attempts)} attempts{passed}")
    hops = sum(_is_redirect(each) for each in step.attempts[-1].exchanges[:-1]) if step.attempts else 0
    if step.flaky:
        words.append(_flaky(step))
    if hops:
        words.append(f"{hops} redirect{_s(hops)}")
    notes = sum(len(exchange.notes) for attempt in step.attempts[-1:] for exchange in attempt.exchanges)
    if notes:
        words.append(f"{notes} note{_s(notes)}")
    soft = sum(check.soft and not check.passed for attempt in step.attempts[-1:] for check in attempt.checks)
    if soft:
        words.append(f"{soft} soft check{_s(soft)} did not hold")
    return ", ".join(words)


def _is_redirect(exchange: Exchange) -> bool:
    return exchange.status is not None and 300 <= exchange.status < 400


def _attempt_lines(attempt: Attempt, view: View, at: datetime) -> Iterator[str]:
    for exchange in attempt.exchanges:
        yield view.style(f"      {cut(_spell(exchange), view.width - 6)}", dim=True)
        phases = "  ".join(f"{phase} {format_duration(ns)}" for phase, ns in exchange.phases.items())
        yield view.style(f"        {phases}", dim=True)
        known = " · ".join(explain.facts(exchange, at))
        yield from (view.style(f"        {line}", dim=True) for line in wrapped(known, view.width - 8) if line)
        yield from (f"      ! {cut(note, view.width - 8)}" for note in exchange.notes)
    for check in attempt.checks:
        mark = "✓" if check.passed else "~" if check.soft else "✗"
        yield f"      {mark} {cut(f'{check.check} {check.expected}', 60)}  {cut(f'got {check.actual}', 60)}"
    for capture in attempt.captures:
        if capture.failure is None:
            yield f"      = {capture.name}: {cut(str(capture.value), 80)}"


def _spell(exchange: Exchange) -> str:
    status = "no answer" if exchange.status is None else str(exchange.status)
    answer = f" → {status}" if _is_http(exchange) else ""
    words = (f"{answer} in {format_duration(exchange.duration_ns)}", *exchange.remarks)
    return f"{exchange.method} {exchange.url}{', '.join(words)}"


def _is_http(exchange: Exchange) -> bool:
    return exchange.url.startswith("http")


def _failure_lines(title: str, failure: Failure, step: StepResult | None, view: View, at: datetime) -> Iterator[str]:
    verdict = failure.cause.verdict
    yield view.style(
        f"{_MARKS[verdict]} {printable(title)}: {verdict} ({failure.cause})", fg=_COLOURS[verdict], bold=True
    )
    yield f"  {cut(failure.message, view.width * 3)}"
    if failure.place is not None:
        yield f"  --> {failure.place}"
        yield from (f"  {line}" for line in excerpt(failure.place))
    if failure.expected:
        yield f"    expected  {cut(failure.expected, view.width * 2)}"
        yield f"    actual    {cut(failure.actual, view.width * 2)}"
    if step is not None and step.attempts:
        yield from _evidence(step.attempts[-1], view, at)
    if failure.hint:
        yield f"    hint      {cut(failure.hint, view.width * 2)}"


def _evidence(attempt: Attempt, view: View, at: datetime) -> Iterator[str]:
    """What went over the wire, and whatever else did not hold."""
    for exchange in attempt.exchanges:
        yield f"    request   {cut(_spell(exchange), view.width - 14)}"
        yield from (f"              {cut(words, view.width - 14)}" for words in _explained(exchange, at))
        yield from (f"    note      {cut(note, view.width * 2)}" for note in exchange.notes)
    if attempt.body:
        yield f"    body      {cut(attempt.body, view.width - 14)}"
    others = [
        check
        for check in attempt.checks
        if not check.passed and attempt.failure and check.place != attempt.failure.place
    ]
    for check in others:
        what = cut(f"{check.check}: expected {check.expected}, got {check.actual}", view.width - 14)
        yield f"    also      {what} ({check.place})"


def _effect_lines(run: Run, view: View) -> Iterator[str]:
    for effect in run.effects:
        if effect.needs_attention:
            meaning = "its outcome is unknown" if effect.state is EffectState.UNKNOWN else "it was not undone"
            yield view.style(
                f"! {run.journey} › {effect.step}: a side effect is left: {meaning}", fg="yellow", bold=True
            )
            yield f"    `probe reap` tries to undo it; look for the idempotency key {effect.key}"
            yield ""


def _explained(exchange: Exchange, at: datetime) -> Iterator[str]:
    """What helps to find out why an exchange failed, or took long."""
    yield from explain.split(exchange)
    yield from explain.server_timing(exchange.server_timing)
    if exchange.edge:
        yield f"answered by {explain.edge(exchange.edge)}"
    yield from explain.resent(exchange)
    if exchange.tls and exchange.tls.chain and exchange.failure:
        yield explain.certificate(exchange.tls.chain[0], at)


def _ending_lines(runs: Sequence[Run], view: View) -> Iterator[str]:
    """Certificates that end soon, each once."""
    secured = (
        (exchange.tls, run.started_at)
        for run in runs
        for step in run.steps
        for attempt in step.attempts[-1:]
        for exchange in attempt.exchanges
        if exchange.tls and not exchange.failure
    )
    told = (explain.certificate(shown, at) for tls, at in secured for shown in explain.ending(tls, at))
    for words in dict.fromkeys(told):
        yield view.style(f"! {cut(words, view.width - 2)}", fg="yellow", bold=True)


def _letters(phase: Phase, count: int, view: View) -> str:
    colour = _PHASE_COLOURS[phase]
    letters = LETTERS[phase] * count
    return view.style(letters, fg="black", bg=colour) if colour and count else letters


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _flaky(step: StepResult) -> str:
    tries = len(step.attempts)
    return "flaky: asked again on a fresh connection" if tries == 1 else f"flaky: passed at attempt {tries}"
