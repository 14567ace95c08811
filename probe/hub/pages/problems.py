"""What is wrong, worst first: each in a sentence, with the page where to look."""

from collections.abc import Iterator

from msgspec import Struct

from probe.compare.result import Finding, RegionVerdict
from probe.compare.sentence import counted
from probe.hub.pages.agents import ODD, agent_row
from probe.hub.pages.known import FleetKnown, JourneyKnown
from probe.hub.pages.paths import journey_path
from probe.hub.pages.sign import REGION_SIGNS, Sign
from probe.hub.pages.window import Window, wide_enough

SLOWER = Sign("▲", "slower", "warning")
FAR = Sign("·", "as usual", "quiet")
LOST = Sign("!", "lost", "warning")
ODD_FINDING = Sign("!", "look", "quiet")

_DOWN, _AGENT, _SILENT, _UNKNOWN = (
    REGION_SIGNS[verdict]
    for verdict in (RegionVerdict.DOWN, RegionVerdict.AGENT, RegionVerdict.SILENT, RegionVerdict.UNKNOWN)
)
_WORST_FIRST = (_DOWN, _AGENT, _SILENT, _UNKNOWN, SLOWER, ODD, LOST, ODD_FINDING, FAR)
_NO_NEWS = (ODD_FINDING, FAR)


class Problem(Struct, frozen=True):
    sign: Sign
    sentence: str
    path: str
    about: str = ""
    """The journey, where the sentence does not name it."""

    @property
    def is_news(self) -> bool:
        """Whether somebody should get up for it; a region that is always farther away is none."""
        return self.sign not in _NO_NEWS


def problems(known: FleetKnown, window: Window, now_ns: int) -> tuple[Problem, ...]:
    """Each once: what journeys agree on, such as a silent region, is told of the first of them.

    While something is down, usual distances are left out.
    """
    found = [*_findings(known, window), *_agents(known, now_ns), *_unaccounted(known, window), *_lost(known)]
    once: dict[tuple[str, str], Problem] = {}
    for problem in found:
        once.setdefault((problem.about, problem.sentence), problem)
    ordered = sorted(once.values(), key=lambda problem: _WORST_FIRST.index(problem.sign))
    down = bool(ordered) and ordered[0].sign == _DOWN
    return tuple(problem for problem in ordered if not (down and problem.sign == FAR))


def finding_sign(finding: Finding) -> Sign:
    """How bad it is: by the verdict it tells of, or by whether a step has become slower within the window."""
    if finding.verdict is not None:
        return REGION_SIGNS[finding.verdict]
    if finding.phase is not None:
        return FAR if finding.usual else SLOWER
    return ODD_FINDING


def _findings(known: FleetKnown, window: Window) -> Iterator[Problem]:
    for journey in known.journeys:
        for finding in journey.comparison.findings:
            about = journey.journey if finding.step else ""
            yield Problem(finding_sign(finding), finding.sentence, _path(journey, window), about)


def _agents(known: FleetKnown, now_ns: int) -> Iterator[Problem]:
    """What no journey has told of its region already."""
    told = {finding.region for journey in known.journeys for finding in journey.comparison.findings if finding.verdict}
    for agent in known.agents:
        row = agent_row(agent, now_ns)
        if row.why and (row.sign is ODD or row.region not in told):
            yield Problem(row.sign, f"{row.agent} in {row.region}: {row.why}.", "#agents")
    if known.quarantined:
        held = f"{counted(known.quarantined, 'record')} from the future held back until then"
        yield Problem(ODD, f"{held}: an agent's clock is ahead of this one.", "#agents")


def _unaccounted(known: FleetKnown, window: Window) -> Iterator[Problem]:
    for journey in known.journeys:
        for line in journey.ledger:
            if line.held.unaccounted:
                what = f"{counted(line.held.unaccounted, 'slot')} of {journey.journey} in {line.region}"
                yield Problem(LOST, f"{what} left neither a run nor a reason.", f"{_path(journey, window)}#slots")


def _lost(known: FleetKnown) -> Iterator[Problem]:
    lost: dict[tuple[str, str], int] = {}
    for gap in known.gaps:
        lost[gap.region, gap.agent] = lost.get((gap.region, gap.agent), 0) + max(gap.lost.values(), default=0)
    for (region, agent), count in sorted(lost.items()):
        yield Problem(LOST, f"{agent} in {region} lost {counted(count, 'record')} before delivery.", "#gaps")


def _path(journey: JourneyKnown, window: Window) -> str:
    """Over a window that shows what the findings are of."""
    compared = journey.comparison
    return journey_path(journey.env, journey.journey, wide_enough(window, compared.until_ns - compared.since_ns))
