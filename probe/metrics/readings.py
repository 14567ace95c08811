"""What metrics are read from: pure functions of a Run or of the agent's status. No metric's name stands here."""

import platform
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from probe.model.result import Cause, Run, Timekeeping, Trigger, Verdict
from probe.model.slot import Reason, SlotState
from probe.model.status import AgentStatus, ExporterStatus

Reading = tuple[tuple[str, ...], float]
"""The values of a metric's own labels, and its value."""

SLOT_REASONS: Mapping[SlotState, tuple[str, ...]] = {
    SlotState.RAN: ("", Reason.KILLED),
    SlotState.SKIPPED: (
        Reason.OVERLAP,
        Reason.CAPACITY,
        Reason.ACCOUNT,
        Reason.ROTATION,
        Reason.BUDGET,
        Reason.STOPPED,
        Reason.SHUTDOWN,
    ),
    SlotState.MISSED: (Reason.DOWN, Reason.SUSPENDED, Reason.CLOCK, Reason.LATE),
}
DROP_REASONS = ("size", "age", "rejected", "disk")
EXPORT_STATES = ("delivering", "waiting", "retrying", "paused", "stopped")


# --- of a run


def success(run: Run) -> Iterator[Reading]:
    if run.verdict in (Verdict.PASSED, Verdict.FAILED):
        yield _run(run), float(run.verdict is Verdict.PASSED)


def errored(run: Run) -> Iterator[Reading]:
    yield _run(run), float(run.verdict is Verdict.ERRORED)


def suspect(run: Run) -> Iterator[Reading]:
    yield _run(run), float(bool(run.suspect))


def effects_open(run: Run) -> Iterator[Reading]:
    yield _run(run), float(len(run.effects_open))


def began(run: Run) -> Iterator[Reading]:
    yield _run(run), run.started_at.timestamp()


def run_duration(run: Run) -> Iterator[Reading]:
    yield (*_run(run), run.verdict, _suspect(run)), run.duration_ns / 1e9


def step_durations(run: Run) -> Iterator[Reading]:
    for step in run.steps:
        if step.verdict is not Verdict.SKIPPED:
            yield (*_run(run), step.name, step.verdict, _suspect(run)), step.duration_ns / 1e9


def phase_durations(run: Run) -> Iterator[Reading]:
    for step in run.steps:
        for phase, nanoseconds in step.phases.items():
            yield (*_run(run), step.name, phase, step.verdict, _suspect(run)), nanoseconds / 1e9


def certificate_expiry(run: Run) -> Iterator[Reading]:
    for step in run.steps:
        exchanges = step.attempts[-1].exchanges if step.attempts else ()
        ends = [each.tls.expires_at for each in exchanges if each.tls and each.tls.expires_at]
        if ends:
            yield (*_run(run), step.name), min(ends).timestamp()


def _run(run: Run) -> tuple[str, str]:
    return run.journey, run.trigger


def _suspect(run: Run) -> str:
    return "true" if run.suspect else "false"


# --- of the agent; a series that may come is there with 0 from the start, or increase() would not see its first 1


def once(read: Callable[[AgentStatus], float]) -> Callable[[AgentStatus], Iterator[Reading]]:
    """One value without labels."""

    def reading(agent: AgentStatus) -> Iterator[Reading]:
        yield (), float(read(agent))

    return reading


def when(read: Callable[[AgentStatus], datetime | None]) -> Callable[[AgentStatus], Iterator[Reading]]:
    """An instant without labels, as Unix time; absent while there is none."""

    def reading(agent: AgentStatus) -> Iterator[Reading]:
        at = read(agent)
        if at is not None:
            yield (), at.timestamp()

    return reading


def per_exporter(
    read: Callable[[ExporterStatus], float | datetime | None],
) -> Callable[[AgentStatus], Iterator[Reading]]:
    def reading(agent: AgentStatus) -> Iterator[Reading]:
        for exporter in agent.exporters:
            value = read(exporter)
            if value is not None:
                yield (exporter.exporter,), value.timestamp() if isinstance(value, datetime) else float(value)

    return reading


def runs(agent: AgentStatus) -> Iterator[Reading]:
    journeys = {each.journey for each in agent.journeys}
    counts: dict[tuple[str, ...], int] = {}
    for each in agent.journeys:
        if each.account is not None:
            counts[each.journey, Verdict.PASSED, "", Trigger.SCHEDULE] = 0
            counts |= {(each.journey, cause.verdict, cause, Trigger.SCHEDULE): 0 for cause in Cause}
    counts |= {(n.journey, n.verdict, n.cause or "", n.trigger): n.count for n in agent.runs if n.journey in journeys}
    yield from _floats(counts)


def slots(agent: AgentStatus) -> Iterator[Reading]:
    counts: dict[tuple[str, ...], int] = {
        (each.journey, state, reason): 0
        for each in agent.journeys
        if each.account is not None
        for state, reasons in SLOT_REASONS.items()
        for reason in reasons
    }
    journeys = {each.journey for each in agent.journeys}
    counts |= {(n.journey, n.state, n.reason): n.count for n in agent.slots if n.journey in journeys}
    yield from _floats(counts)


def slots_expected(agent: AgentStatus) -> Iterator[Reading]:
    yield from _floats({(each.journey,): each.expected for each in agent.journeys if each.account is not None})


def slots_running(agent: AgentStatus) -> Iterator[Reading]:
    yield from _floats({(each.journey,): each.account.running for each in agent.journeys if each.account is not None})


def interval(agent: AgentStatus) -> Iterator[Reading]:
    for each in agent.journeys:
        if each.account is not None:
            yield (each.journey,), each.account.every_ns / 1e9


def export_states(agent: AgentStatus) -> Iterator[Reading]:
    for exporter in agent.exporters:
        for state in EXPORT_STATES:
            yield (exporter.exporter, state), float(exporter.state == state)


def dropped(agent: AgentStatus) -> Iterator[Reading]:
    for exporter in agent.exporters:
        counts = {**dict.fromkeys(DROP_REASONS, 0), **exporter.dropped}
        yield from _floats({(exporter.exporter, reason): count for reason, count in counts.items()})


def controls(agent: AgentStatus) -> Iterator[Reading]:
    yield from _floats({(control.target,): control.sound for control in agent.controls})


def controls_sound(agent: AgentStatus) -> Iterator[Reading]:
    if agent.controls_sound is not None:
        yield (), float(agent.controls_sound)


def throttled(agent: AgentStatus) -> Iterator[Reading]:
    if agent.throttled_seconds_total is not None:
        yield (), agent.throttled_seconds_total


def kept(read: Callable[[Timekeeping], float]) -> Callable[[AgentStatus], Iterator[Reading]]:
    """Of how the clock is kept, where that is known."""

    def reading(agent: AgentStatus) -> Iterator[Reading]:
        if agent.timekeeping is not None:
            yield (), float(read(agent.timekeeping))

    return reading


def reloads(agent: AgentStatus) -> Iterator[Reading]:
    yield from _floats({("ok",): agent.reloads, ("failed",): agent.reload_failures})


def build(agent: AgentStatus) -> Iterator[Reading]:
    yield (agent.probe, platform.python_version()), 1.0


def process(name: str) -> Callable[[Mapping[str, float]], Iterator[Reading]]:
    """One of the values prometheus-client reads from /proc."""

    def reading(values: Mapping[str, float]) -> Iterator[Reading]:
        if name in values:
            yield (), values[name]

    return reading


def _floats(counts: Mapping[tuple[str, ...], int]) -> Iterator[Reading]:
    for labels, count in counts.items():
        yield labels, float(count)
