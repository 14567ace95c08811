from datetime import timedelta

import pytest
from msgspec.structs import replace

from probe.agent.page.journeys import journeys
from probe.model.result import Verdict
from probe.model.status import AgentStatus, JourneyStatus
from tests.agent.page.test_markup import Read
from tests.metrics.sample import AGENT, CHECKOUT, NOW, SEARCH, account


def shown(*journey: JourneyStatus) -> str:
    return journeys(replace(AGENT, journeys=journey))


def text(agent: AgentStatus) -> str:
    return Read(journeys(agent).replace("</span>", " </span>")).text


def test_the_ones_that_do_not_pass_come_first_and_the_disabled_last() -> None:
    errored = JourneyStatus("a", account("a"), last=replace(SEARCH, verdict=Verdict.ERRORED))
    page = journeys(replace(AGENT, journeys=(JourneyStatus("0", None, disabled=True), *AGENT.journeys, errored)))
    names = [part.partition("</bdi>")[0] for part in page.split('class="name">')[1:]]
    assert [name.rpartition("<bdi>")[2] for name in names] == ["checkout", "a", "browse", "search", "0", "legacy"]


def test_only_what_did_not_pass_is_open() -> None:
    assert [line.startswith(' open="open"') for line in journeys(AGENT).split("<details")[1:]] == [True, False]


def test_a_failure_says_where_what_and_what_to_do() -> None:
    page = text(AGENT)
    for fact in (
        'pay · check · jsonpath $.status: expected equals "paid", got "declined"',
        'expectedequals "paid"',
        'actual"declined"',
        "journeys/checkout.yaml:49:30",
        "→ look at the card",
        "✗ pay90.0 ms processing 60.0 ms",
        "a step before it did not pass",
    ):
        assert fact in page


def test_a_disturbed_run_says_why() -> None:
    assert "suspect  · the agent's event loop was late by 80 ms" in text(AGENT)


def test_the_account_adds_up_in_sight() -> None:
    page = text(AGENT)
    assert "60 = 55 ran + 3 skipped + 1 missed + 1 running" in page
    assert "ever: overlap 3, killed 1, down 1" in page


def test_an_account_that_does_not_add_up_is_an_alarm() -> None:
    page = shown(JourneyStatus("a", account("a", ran=54)))
    assert '<strong class="alarm">60 ≠ 54 ran + 3 skipped + 1 missed + 1 running: does not add up</strong>' in page


@pytest.mark.parametrize(
    ("journey", "words"),
    [
        (JourneyStatus("a", account("a"), NOW + timedelta(seconds=42)), "in 42 s"),
        (JourneyStatus("a", account("a"), NOW, running=True), "running"),
        (JourneyStatus("a", None), "–"),
        (JourneyStatus("a", None, disabled=True), "disabled"),
        (JourneyStatus("a", account("a")), "none yet"),
        (JourneyStatus("a", account("a"), last=replace(CHECKOUT, flaky=True)), " flaky"),
    ],
)
def test_a_journey_says_how_it_stands(journey: JourneyStatus, words: str) -> None:
    assert f">{words}<" in shown(journey)


def test_an_agent_without_journeys_says_so() -> None:
    assert "No journeys are configured." in shown()
