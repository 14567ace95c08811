from collections.abc import Sequence

from probe.compare.cells import FEWEST, Judged
from probe.compare.pairs import LEAST_NS, LEAST_SHARE
from probe.compare.quorum import Standings, reporting, spell_verdicts
from probe.compare.result import RegionVerdict
from probe.compare.sentence import listed, spell_ns, spell_share
from probe.compare.slow import Slow


def headline(journey: str, standings: Standings, judged: Sequence[Judged], slow: Sequence[Slow]) -> str:
    """The whole comparison in a sentence."""
    if not standings:
        return f"No region has run {journey} yet."
    comparison = _spell_slow(slow) if slow else _spell_equal(standings, judged)
    return f"{spell_verdicts(journey, standings)}{'; ' if comparison else ''}{comparison}."


def _spell_slow(slow: Sequence[Slow]) -> str:
    regions = list(dict.fromkeys(one.region for one in slow))
    steps = {step for one in slow for step in one.steps}
    where = f"on *{min(steps)}*" if len(steps) == 1 else f"on {len(steps)} steps"
    return f"{listed(regions)} {'is' if len(regions) == 1 else 'are'} slower {where}"


def _spell_equal(standings: Standings, judged: Sequence[Judged]) -> str:
    """Nothing where the regions that could be compared are too few anyway: their verdicts say why."""
    up = [region for region in reporting(standings) if standings[region].verdict is RegionVerdict.UP]
    if len(standings) == 1:
        return "there is no other region to compare it with"
    if len(up) < 2:
        return ""
    if any(one.cell.difference for one in judged):
        least = f"{spell_ns(LEAST_NS)} and {spell_share(LEAST_SHARE)}"
        return f"no region is slower than the others by more than {least}"
    pairs = max((one.pairs for one in judged), default=0)
    if pairs >= FEWEST:
        return "not enough data to compare them: too many slots have no run that counts"
    return f"not enough data to compare them: {pairs} of {FEWEST} slots"
