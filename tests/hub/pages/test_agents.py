import pytest
from msgspec.structs import replace

from probe.compare.result import RegionVerdict
from probe.hub.facts import AgentFacts
from probe.hub.pages.agents import HEARD, ODD, UNKNOWN, AgentRow, Ledger, agent_row, is_silent
from probe.hub.pages.moment import moment
from probe.hub.pages.sign import REGION_SIGNS, Sign
from probe.model.result import Timekeeping
from tests.hub.records import MINUTE, NOW, SECOND, account, beat


def agent(heard_ns: int = NOW - 9 * SECOND, **changes: object) -> AgentFacts:
    return AgentFacts("eu-west-1", "agent-1", "prod", heard_ns, replace(beat(), **changes))


def test_a_row_says_how_an_agent_is() -> None:
    accounts = (account(0, 60), account(0, 58, "search", ran=50, skipped=5, missed=2, running=1))
    busy = agent(
        accounts=accounts,
        controls_sound=True,
        spool_records=12,
        spool_bytes=48_000,
        dropped=3,
        loop_delay_ns=3_000_000,
        notices=("the clock was set",),
    )
    assert agent_row(busy, NOW) == AgentRow(
        region="eu-west-1",
        agent="agent-1",
        env="prod",
        sign=HEARD,
        why="",
        heard=moment(NOW - 9 * SECOND, NOW),
        version="0.1.0",
        controls=Sign("✓", "sound", "passed"),
        spool="12, 0.0 MB",
        dropped=3,
        loop_delay="3.00 ms",
        notices=("the clock was set",),
        ledger=Ledger(118, 110, 5, 2, 1),
    )


def test_an_agent_without_a_heartbeat_is_told_as_such() -> None:
    row = agent_row(AgentFacts("eu-west-1", "agent-1", "", NOW, None), NOW)
    assert (row.sign, row.version, row.spool, row.ledger) == (UNKNOWN, "", "", None)


@pytest.mark.parametrize(("after_ns", "silent"), [(60 * SECOND, False), (60 * SECOND + 1, True)])
def test_an_agent_is_silent_after_a_minute_or_three_heartbeats(after_ns: int, silent: bool) -> None:
    often, seldom = agent(NOW - after_ns), agent(NOW - 3 * after_ns, every_ns=MINUTE)
    assert (is_silent(often, NOW), is_silent(seldom, NOW)) == (silent, silent)


def test_silence_outranks_whatever_an_agent_said_last() -> None:
    row = agent_row(agent(NOW - 20 * MINUTE, controls_sound=False), NOW)
    assert (row.sign, row.why) == (REGION_SIGNS[RegionVerdict.SILENT], "silent for 20 min")


def test_what_a_silent_agent_last_said_of_its_controls_is_not_shown_as_what_is() -> None:
    agent = AgentFacts("eu-west-1", "agent-1", "prod", NOW - 20 * MINUTE, beat(controls_sound=True))
    assert agent_row(agent, NOW).controls.word == "unknown"


def test_controls_that_fail_put_the_agent_in_doubt() -> None:
    row = agent_row(agent(controls_sound=False), NOW)
    assert (row.sign, row.why, row.controls) == (
        REGION_SIGNS[RegionVerdict.AGENT],
        "its controls fail: its own network is in doubt",
        Sign("✗", "fail", "failed"),
    )


def test_a_ledger_that_does_not_add_up_is_told_by_its_journey() -> None:
    row = agent_row(agent(accounts=(account(0, 60), account(0, 60, "search", ran=59))), NOW)
    assert (row.sign, row.why) == (ODD, "its ledger does not add up for search")
    assert row.ledger == Ledger(120, 119, wrong=("search",))


def test_a_clock_that_nothing_keeps_right_is_worth_a_look() -> None:
    drifting = agent_row(agent(timekeeping=Timekeeping(synchronised=False)), NOW)
    assert (drifting.sign, drifting.why) == (ODD, "its clock is not synchronised: its slots drift")
    assert agent_row(agent(timekeeping=Timekeeping(synchronised=True)), NOW).sign == HEARD
