from collections.abc import Sequence

from probe.compare.cells import FEWEST, Judged
from probe.compare.quorum import Standings, reporting, spell_verdicts
from probe.compare.result import RegionVerdict
from probe.compare.risen import Risen
from probe.compare.sentence import listed, named
from probe.compare.slow import Slow


def headline(
    journey: str, standings: Standings, judged: Sequence[Judged], slow: Sequence[Slow], risen: Sequence[Risen]
) -> str:
    """Whether it works, and what is new, in a sentence."""
    if not standings:
        return f"No region has run {journey} yet."
    news = [*_spell_everywhere(risen), *_spell_slow(slow, risen)]
    comparison = "; ".join(news) or _spell_equal(standings, judged)
    return f"{spell_verdicts(journey, standings)}{'; ' if comparison else ''}{comparison}."


def _spell_everywhere(risen: Sequence[Risen]) -> list[str]:
    steps = list(dict.fromkeys(step for one in risen if one.everywhere for step in one.steps))
    if not steps:
        return []
    return [
        f"{named(steps[0])} has become slower everywhere"
        if len(steps) == 1
        else f"{len(steps)} steps have become slower everywhere"
    ]


def _spell_slow(slow: Sequence[Slow], risen: Sequence[Risen]) -> list[str]:
    """The regions that have become slower, be it than the others or than they were."""
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((one.region,), one.steps) for one in slow if one.is_news]
    found += [(one.regions, one.steps) for one in risen if not one.everywhere]
    regions = list(dict.fromkeys(region for those, _ in found for region in those))
    steps = {step for _, those in found for step in those}
    if not regions:
        return []
    where = f"on {named(min(steps))}" if len(steps) == 1 else f"on {len(steps)} steps"
    return [f"{listed(regions)} {'has' if len(regions) == 1 else 'have'} become slower {where}"]


def _spell_equal(standings: Standings, judged: Sequence[Judged]) -> str:
    """Nothing where the verdicts say enough: of an outage, or why regions that could be compared are too few."""
    up = [region for region in reporting(standings) if standings[region].verdict is RegionVerdict.UP]
    if len(standings) == 1:
        return "there is no other region to compare it with"
    if len(up) < 2 or len(up) < len(reporting(standings)):
        return ""
    if any(one.cell.difference for one in judged):
        return "no region has become slower"
    pairs = max((one.pairs for one in judged), default=0)
    if pairs >= FEWEST:
        return "not enough data to compare them: too many slots have no run that counts"
    return f"not enough data to compare them: {pairs} of {FEWEST} slots"
