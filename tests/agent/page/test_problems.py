from msgspec.structs import replace

from probe.agent.page.problems import Problem, problems, step_that_broke
from probe.model.result import Cause, Failure, Timekeeping, Verdict
from probe.model.status import AgentStatus, JourneyStatus
from tests.export.sample import NOT_STARTED
from tests.metrics.sample import AGENT, CHECKOUT, SEARCH, WELL, account

FAILED, ERRORED = "failed", "errored"


def told(agent: AgentStatus) -> list[tuple[str, str]]:
    return [(problem.tone, problem.text) for problem in problems(agent)]


def failing(count: int) -> AgentStatus:
    names = [f"journey-{number}" for number in range(count)]
    return replace(WELL, journeys=tuple(JourneyStatus(name, account(name), last=CHECKOUT) for name in names))


def test_nothing_is_told_where_nothing_is_wrong() -> None:
    assert told(WELL) == []


def test_whose_problem_it_is_comes_first() -> None:
    network = Failure(Cause.AGENT, "the agent's own network fails")
    run = replace(CHECKOUT, verdict=Verdict.ERRORED, failure=network)
    journeys = (*AGENT.journeys, JourneyStatus("basket", account("basket"), last=run))
    agent = replace(AGENT, journeys=journeys, controls_sound=False, ready=False, why_not_ready="it is stopping")
    assert told(agent) == [
        (ERRORED, "The agent is not ready: it is stopping"),
        (ERRORED, "No control target can be reached: the agent's own network is the problem."),
        (FAILED, "checkout failed in pay (check)"),
        (ERRORED, "basket errored in pay (agent)"),
        ("warning", "hub takes no results at the moment; 12 records wait."),
        ("warning", "the configuration was not reloaded: 2 mistakes in files"),
    ]


def test_a_clock_that_nothing_keeps_right_is_told() -> None:
    said = "The machine's clock is not synchronised: slots drift from other regions'. Run NTP."
    assert told(replace(WELL, timekeeping=Timekeeping(synchronised=False))) == [("warning", said)]
    assert told(replace(WELL, timekeeping=None)) == []


def test_many_failures_are_one_problem() -> None:
    assert len(told(failing(3))) == 3
    assert told(failing(4)) == [(FAILED, "4 of 4 journeys failed.")]


def test_a_ledger_that_does_not_add_up_is_told_loudly() -> None:
    agent = replace(WELL, journeys=(JourneyStatus("search", account("search", ran=54), last=SEARCH),))
    assert told(agent) == [(ERRORED, "The ledger of search does not add up: please report it.")]


def test_what_cannot_be_written_or_delivered_is_told() -> None:
    paused = replace(AGENT.exporters[0], state="paused", records=1, reason="401 Unauthorized")
    agent = replace(WELL, unwritten=3, exporters=(paused,))
    assert list(problems(agent)) == [
        Problem(ERRORED, "The disk takes nothing: 3 records wait in memory."),
        Problem(ERRORED, "hub needs a person: 401 Unauthorized; 1 record waits."),
    ]


def test_the_step_that_broke_is_the_first_with_a_failure() -> None:
    assert [step_that_broke(run) for run in (CHECKOUT, SEARCH, NOT_STARTED)] == ["pay", "", ""]
