"""The agents' table: who is there, in what state, and whether its books are in order."""

from msgspec import Struct

from probe.compare.result import RegionVerdict
from probe.compare.verdict import is_late
from probe.hub.facts import AgentFacts
from probe.hub.pages.moment import Moment, age, moment
from probe.hub.pages.sign import REGION_SIGNS, Sign
from probe.model.duration import format_duration
from probe.model.record import Heartbeat

HEARD = Sign("✓", "heard", "passed")
ODD = Sign("!", "look", "warning")
UNKNOWN = Sign("?", "no heartbeat yet", "quiet")


class Ledger(Struct, frozen=True):
    """All its journeys' accounts, over their lives: `expected = ran + skipped + missed + running`."""

    expected: int = 0
    ran: int = 0
    skipped: int = 0
    missed: int = 0
    running: int = 0
    wrong: tuple[str, ...] = ()
    """The journeys whose account does not add up."""


class AgentRow(Struct, frozen=True):
    region: str
    agent: str
    env: str
    sign: Sign
    why: str
    """What is wrong, in a few words; empty when nothing is."""
    heard: Moment
    version: str
    controls: Sign
    spool: str
    dropped: int
    loop_delay: str
    notices: tuple[str, ...]
    ledger: Ledger | None


def agent_row(agent: AgentFacts, now_ns: int) -> AgentRow:
    beat = agent.beat
    sign, why = _state(agent, now_ns)
    return AgentRow(
        region=agent.region,
        agent=agent.agent,
        env=agent.env,
        sign=sign,
        why=why,
        heard=moment(agent.heard_ns, now_ns),
        version=beat.probe if beat else "",
        controls=_controls(None if sign is REGION_SIGNS[RegionVerdict.SILENT] else beat),
        spool=_spool(beat) if beat else "",
        dropped=beat.dropped if beat else 0,
        loop_delay=format_duration(beat.loop_delay_ns) if beat else "",
        notices=beat.notices if beat else (),
        ledger=_ledger(beat) if beat else None,
    )


def is_silent(agent: AgentFacts, now_ns: int) -> bool:
    """Whether it was not heard of for longer than it should be."""
    every_ns = agent.beat.every_ns if agent.beat else 0
    return is_late(agent.heard_ns, every_ns, now_ns)


def _state(agent: AgentFacts, now_ns: int) -> tuple[Sign, str]:
    beat = agent.beat
    if is_silent(agent, now_ns):
        return REGION_SIGNS[RegionVerdict.SILENT], f"silent for {age(now_ns - agent.heard_ns)}"
    if beat is None:
        return UNKNOWN, ""
    if beat.controls_sound is False:
        return REGION_SIGNS[RegionVerdict.AGENT], "its controls fail: its own network is in doubt"
    if wrong := _ledger(beat).wrong:
        return ODD, f"its ledger does not add up for {', '.join(wrong)}"
    if beat.timekeeping is not None and not beat.timekeeping.synchronised:
        return ODD, "its clock is not synchronised: its slots drift"
    return HEARD, ""


def _controls(beat: Heartbeat | None) -> Sign:
    if beat is None or beat.controls_sound is None:
        return Sign("–", "unknown", "quiet")
    return Sign("✓", "sound", "passed") if beat.controls_sound else Sign("✗", "fail", "failed")


def _spool(beat: Heartbeat) -> str:
    return f"{beat.spool_records}, {beat.spool_bytes / 1e6:.1f} MB" if beat.spool_records else "empty"


def _ledger(beat: Heartbeat) -> Ledger:
    accounts = beat.accounts
    return Ledger(
        expected=sum(account.expected for account in accounts),
        ran=sum(account.ran for account in accounts),
        skipped=sum(account.skipped for account in accounts),
        missed=sum(account.missed for account in accounts),
        running=sum(account.running for account in accounts),
        wrong=tuple(account.journey for account in accounts if not account.adds_up),
    )
