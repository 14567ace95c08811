"""The first page: is anything wrong, what, and where."""

from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from probe.hub.pages.agents import AgentRow, agent_row
from probe.hub.pages.grid import Grid, grid
from probe.hub.pages.known import FleetKnown
from probe.hub.pages.moment import Moment, moment
from probe.hub.pages.problems import Problem, problems
from probe.hub.pages.sign import NOTHING, RUN_SIGNS, Sign
from probe.hub.pages.window import Window
from probe.model.instant import nanoseconds_of
from probe.model.record import GapRecord
from probe.model.result import Verdict


class GapRow(Struct, frozen=True):
    """Records that an agent lost, and when they were made."""

    region: str
    agent: str
    reason: str
    lost: str
    since: Moment
    until: Moment


class Overview(Struct, frozen=True):
    sign: Sign
    headline: str
    about: str
    """The journey, where the headline does not name it."""
    path: str
    """Where to look for what the headline says; empty when all is well."""
    problems: tuple[Problem, ...]
    """The others."""
    news: int
    """How many problems there are, the headline's included."""
    grids: tuple[Grid, ...]
    agents: tuple[AgentRow, ...]
    gaps: tuple[GapRow, ...]


def overview(known: FleetKnown, window: Window, now_ns: int) -> Overview:
    found = problems(known, window, now_ns)
    sign, headline = _headline(known, found, window)
    bad = bool(found and found[0].is_news)
    return Overview(
        sign=sign,
        headline=headline,
        about=found[0].about if bad else "",
        path=found[0].path if bad else "",
        problems=found[bad:],
        news=sum(problem.is_news for problem in found),
        grids=tuple(
            grid(env, list(journeys), window, now_ns)
            for env, journeys in groupby(known.journeys, key=lambda journey: journey.env)
        ),
        agents=tuple(agent_row(agent, now_ns) for agent in known.agents),
        gaps=tuple(_gap_row(gap, now_ns) for gap in known.gaps),
    )


def _headline(known: FleetKnown, found: Sequence[Problem], window: Window) -> tuple[Sign, str]:
    if found and found[0].is_news:
        return found[0].sign, found[0].sentence
    series = [one for journey in known.journeys for one in journey.series]
    if not any(one.passed + one.failed + one.errored for one in series):
        return NOTHING, f"No scheduled run in the last {window.words}"
    regions, count = len({one.region for one in series}), len(known.journeys)
    passed = "passes" if count == 1 else "pass"
    return RUN_SIGNS[Verdict.PASSED], f"{_all(count, 'journey')} {passed} in {_all(regions, 'region').lower()}"


def _all(count: int, noun: str) -> str:
    return f"The one {noun}" if count == 1 else f"All {count} {noun}s"


def _gap_row(gap: GapRecord, now_ns: int) -> GapRow:
    lost = ", ".join(f"{count} for {exporter}" for exporter, count in sorted(gap.lost.items()))
    since, until = (moment(nanoseconds_of(at), now_ns) for at in (gap.since, gap.until))
    return GapRow(gap.region, gap.agent, gap.reason, lost, since, until)
