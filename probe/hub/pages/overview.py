"""The first page: is anything wrong, what, and where."""

from itertools import groupby

from msgspec import Struct

from probe.compare.result import RegionVerdict
from probe.hub.pages.agents import AgentRow, agent_row
from probe.hub.pages.grid import Grid, grid
from probe.hub.pages.known import FleetKnown
from probe.hub.pages.moment import Moment, moment
from probe.hub.pages.problems import FAR, Problem, problems
from probe.hub.pages.sign import NOTHING, REGION_SIGNS, RUN_SIGNS, Sign
from probe.hub.pages.window import Window
from probe.model.instant import nanoseconds_of
from probe.model.record import GapRecord
from probe.model.result import Verdict

_UP, _DOWN = RUN_SIGNS[Verdict.PASSED], REGION_SIGNS[RegionVerdict.DOWN]


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
    state: str
    """Whether the shop works; empty when the first problem says that it does not."""
    first: Problem | None
    """The worst that is news: it goes on where `state` ends."""
    problems: tuple[Problem, ...]
    """The others, without what is as usual."""
    usual: tuple[Problem, ...]
    news: int
    """How many problems there are that are news, the first included."""
    grids: tuple[Grid, ...]
    agents: tuple[AgentRow, ...]
    gaps: tuple[GapRow, ...]


def overview(known: FleetKnown, window: Window, now_ns: int) -> Overview:
    found = problems(known, window, now_ns)
    first = found[0] if found and found[0].is_news else None
    sign, state = _state(known, window)
    return Overview(
        sign=first.sign if first else sign,
        state="" if first and first.sign == _DOWN else state,
        first=first,
        problems=tuple(problem for problem in found[first is not None :] if problem.sign != FAR),
        usual=tuple(problem for problem in found if problem.sign == FAR),
        news=sum(problem.is_news for problem in found),
        grids=tuple(
            grid(env, list(journeys), window, now_ns)
            for env, journeys in groupby(known.journeys, key=lambda journey: journey.env)
        ),
        agents=tuple(agent_row(agent, now_ns) for agent in known.agents),
        gaps=tuple(_gap_row(gap, now_ns) for gap in known.gaps),
    )


def _state(known: FleetKnown, window: Window) -> tuple[Sign, str]:
    """Whether the shop works, as far as anybody knows, where it is down nowhere."""
    verdicts: dict[str, set[RegionVerdict]] = {}
    for journey in known.journeys:
        for summary in journey.comparison.regions:
            verdicts.setdefault(summary.region, set()).add(summary.verdict)
    up, total = sum(RegionVerdict.UP in those for those in verdicts.values()), len(verdicts)
    if up:
        return _UP, f"The shop works in {_of(up, total)}"
    if not any(one.passed + one.failed + one.errored for journey in known.journeys for one in journey.series):
        return NOTHING, f"No scheduled run in the last {window.words}: nobody knows whether the shop works"
    return NOTHING, "No region reports: nobody knows whether the shop works"


def _of(count: int, total: int) -> str:
    if count < total:
        return f"{count} of {total} regions"
    return "the one region" if total == 1 else "both regions" if total == 2 else f"all {total} regions"


def _gap_row(gap: GapRecord, now_ns: int) -> GapRow:
    lost = ", ".join(f"{count} for {exporter}" for exporter, count in sorted(gap.lost.items()))
    since, until = (moment(nanoseconds_of(at), now_ns) for at in (gap.since, gap.until))
    return GapRow(gap.region, gap.agent, gap.reason, lost, since, until)
