from collections.abc import Iterable, Iterator

from probe.agent.loop_watch import Delay
from probe.model.duration import format_duration
from probe.model.result import Attempt, Exchange, Run
from probe.model.timing import Clock, Phase
from probe.wire.resolver import BY_TCP
from probe.wire.route import SYSTEM

SUSPECT_NS = 50_000_000
"""A disturbance this long may have moved a duration by an amount that a comparison would see."""


def suspicions(
    run: Run, delays: Iterable[Delay], started_ns: int, ended_ns: int, throttled_ns: int = 0
) -> tuple[str, ...]:
    """Why the agent may have disturbed the run's timing; empty when it cannot have.

    The run was performed between two instants of the loop watch's clock; its own began no earlier than the first, and
    no later than its duration before the second. Meanwhile the agent was throttled for so long, nobody knows when.
    """
    attempts = [attempt for step in run.steps for attempt in step.attempts]
    slack_ns = max(ended_ns - run.duration_ns - started_ns, 0)
    late = (
        delay.late_ns
        for delay in delays
        if delay.late_ns >= SUSPECT_NS
        and any(
            _disturbed(each, delay.since_ns - started_ns - slack_ns, delay.ended_ns - started_ns) for each in attempts
        )
    )
    held_up = (exchange.held_up_ns for each in attempts for exchange in each.exchanges)
    if not any(_disturbed(each, each.started_ns, each.started_ns + each.duration_ns) for each in attempts):
        throttled_ns = 0
    return tuple(_reasons(max(late, default=0), throttled_ns, max(held_up, default=0)))


def _reasons(late_ns: int, throttled_ns: int, held_up_ns: int) -> Iterator[str]:
    if late_ns:
        yield f"the agent's event loop was late by {format_duration(late_ns)}"
    if throttled_ns >= SUSPECT_NS:
        yield f"the agent was throttled for {format_duration(throttled_ns)}: its CPU limit is too low"
    if held_up_ns >= SUSPECT_NS:
        yield f"the agent read late: the server may have waited for it for {format_duration(held_up_ns)}"


def _disturbed(attempt: Attempt, since_ns: int, until_ns: int) -> bool:
    """Whether a loop that was late between two instants of the run moved a figure: a phase, or the agent's own part."""
    if not _overlap(attempt.started_ns, attempt.duration_ns, since_ns, until_ns):
        return False
    if not attempt.exchanges or attempt.phases.get(Phase.OTHER, 0) >= SUSPECT_NS:
        return True
    return any(_moved(exchange, since_ns, until_ns) for exchange in attempt.exchanges)


def _moved(exchange: Exchange, since_ns: int, until_ns: int) -> bool:
    """Only Python's instants and a doubtful boundary do.

    A doubt is told as small where the loop seemed to be in time: here it was not.
    """
    doubtful = exchange.uncertain_ns > 0 and exchange.phases.get(Phase.PROCESSING, 0) >= SUSPECT_NS
    if exchange.clock is Clock.USER or doubtful:
        return _overlap(exchange.started_ns, exchange.duration_ns, since_ns, until_ns)
    resolving_ns = -1 if _resolved_by_kernel(exchange.resolver) else exchange.phases.get(Phase.RESOLVE, -1)
    return _overlap(exchange.started_ns, resolving_ns, since_ns, until_ns)


def _resolved_by_kernel(resolver: str) -> bool:
    """Whether the answer's packet was stamped, or none was waited for. What threads find is seen when Python looks."""
    return bool(resolver) and resolver != SYSTEM and not resolver.endswith(BY_TCP)


def _overlap(started_ns: int, duration_ns: int, since_ns: int, until_ns: int) -> bool:
    return duration_ns >= 0 and started_ns <= until_ns and since_ns <= started_ns + duration_ns
