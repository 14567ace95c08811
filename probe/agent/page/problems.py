"""What is wrong at the moment, the worst first: whose problem it is comes before everything else."""

from collections.abc import Iterator

from msgspec import Struct

from probe.agent.page.figures import counted
from probe.model.result import Run, Verdict
from probe.model.status import AgentStatus, ExporterStatus, JourneyStatus


class Problem(Struct, frozen=True):
    """`tone` is `failed` (the target), `errored` (us) or `warning`."""

    tone: str
    text: str


def problems(agent: AgentStatus) -> Iterator[Problem]:
    if not agent.ready:
        yield Problem("errored", f"The agent is not ready: {agent.why_not_ready}")
    if agent.controls_sound is False:
        yield Problem("errored", "No control target can be reached: the agent's own network is the problem.")
    yield from _runs(agent, Verdict.FAILED, "failed")
    yield from _runs(agent, Verdict.ERRORED, "errored")
    for journey in agent.journeys:
        if journey.account is not None and not journey.account.adds_up:
            yield Problem("errored", f"The ledger of {journey.journey} does not add up: please report it.")
    if agent.effects_leaked:
        yield Problem("errored", f"{counted(agent.effects_leaked, 'write')} could not be undone: see probe journal.")
    if agent.writes_stopped:
        yield Problem("warning", f"{agent.writes_stopped[:1].upper()}{agent.writes_stopped[1:]}.")
    if agent.unwritten:
        yield Problem("errored", f"The disk takes nothing: {counted(agent.unwritten, 'record')} wait in memory.")
    yield from filter(None, map(_delivery, agent.exporters))
    if agent.timekeeping is not None and not agent.timekeeping.synchronised:
        yield Problem("warning", "The machine's clock is not synchronised: slots drift from other regions'. Run NTP.")
    yield from (Problem("warning", notice) for notice in agent.notices)


def step_that_broke(run: Run) -> str:
    """The name of the first step that did not pass; empty when the run could not begin."""
    return next((step.name for step in run.steps if step.failure is not None), "")


def _runs(agent: AgentStatus, verdict: Verdict, tone: str) -> Iterator[Problem]:
    found = [each for each in agent.journeys if each.last is not None and each.last.verdict is verdict]
    scheduled = sum(each.account is not None for each in agent.journeys)
    if len(found) > 3:
        yield Problem(tone, f"{len(found)} of {scheduled} journeys {verdict}.")
    else:
        yield from (Problem(tone, _sentence(each)) for each in found)


def _sentence(journey: JourneyStatus) -> str:
    run = journey.last
    assert run is not None
    step = step_that_broke(run)
    where = f" in {step}" if step else ""
    cause = f" ({run.failure.cause})" if run.failure else ""
    return f"{journey.journey} {run.verdict}{where}{cause}"


def _delivery(exporter: ExporterStatus) -> Problem | None:
    waits = "1 record waits" if exporter.records == 1 else f"{exporter.records:,} records wait"
    match exporter.state:
        case "retrying":
            return Problem("warning", f"{exporter.exporter} takes no results at the moment; {waits}.")
        case "paused":
            return Problem("errored", f"{exporter.exporter} needs a person: {exporter.reason}; {waits}.")
    return None
