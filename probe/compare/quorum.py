"""The verdict over all regions. Only those that report count: silent is not failing."""

from collections import Counter
from collections.abc import Mapping, Sequence

from probe.compare.result import Finding, RegionVerdict
from probe.compare.sentence import counted, listed, named
from probe.compare.verdict import Standing, spell_reason

Standings = Mapping[str, Standing]
"""By region."""

REPORTING = (RegionVerdict.UP, RegionVerdict.DOWN)

_AGENTS = (RegionVerdict.AGENT, RegionVerdict.SILENT, RegionVerdict.UNKNOWN)


def reporting(standings: Standings) -> list[str]:
    return [region for region, standing in standings.items() if standing.verdict in REPORTING]


def verdict_findings(journey: str, standings: Standings) -> list[Finding]:
    """Where the target is down, then what is wrong with agents."""
    agents = [
        Finding(standing.sentence, region, verdict=verdict)
        for verdict in _AGENTS
        for region, standing in standings.items()
        if standing.verdict is verdict and standing.sentence
    ]
    down = [region for region in reporting(standings) if standings[region].verdict is RegionVerdict.DOWN]
    return [_down(journey, down, standings), *agents] if down else agents


def spell_verdicts(journey: str, standings: Standings) -> str:
    """Such as `checkout works in 2 of 4 regions, 1 is down, 1 is silent`."""
    counts = Counter(standing.verdict for standing in standings.values())
    up, down, total = counts[RegionVerdict.UP], counts[RegionVerdict.DOWN], len(standings)
    if total == 1:
        return next(_spell_one(journey, region, standing.verdict) for region, standing in standings.items())
    if up == total:
        return f"{journey} works in {'both' if total == 2 else f'all {total}'} regions"
    agents = [_spell(str(counts[verdict]), verdict, counts[verdict]) for verdict in _AGENTS if counts[verdict]]
    if not up and not down:
        return ", ".join(["No region reports", *agents])
    if not up and down > 1:
        return ", ".join([f"{journey} is down everywhere", *agents])
    works = f"{journey} works in {up or 'none'} of {total} regions"
    return ", ".join([works, *([_spell(str(down), RegionVerdict.DOWN, down)] if down else []), *agents])


def _down(journey: str, down: Sequence[str], standings: Standings) -> Finding:
    reasons = _by_reason(down, standings)
    everywhere, since = len(down) == len(reporting(standings)), _since(down, standings)
    region = down[0] if len(down) == 1 else ""
    if everywhere and len(down) > 1:
        fails = f"{journey} fails in all {len(down)} regions that report"
        why = listed([spell_reason(*reason) for reason in reasons])
        return Finding(f"The shop is down everywhere{since}: {fails} ({why}).", verdict=RegionVerdict.DOWN)
    up = len(reporting(standings)) - len(down)
    rest = "the only region that reports" if everywhere else f"it works in {counted(up, 'other region')}"
    (reason, step), *others = reasons
    if step and not others:
        sentence = f"{named(step)} is down in {listed(down)}{since}: {reason}; {rest}."
        return Finding(sentence, region, step, verdict=RegionVerdict.DOWN)
    where = listed([f"{listed(there)} ({spell_reason(*reason)})" for reason, there in reasons.items()])
    return Finding(f"{journey} is down in {where}{since}; {rest}.", region, verdict=RegionVerdict.DOWN)


def _since(down: Sequence[str], standings: Standings) -> str:
    """The earliest of all; nothing when one of them was down before the window began."""
    instants = [(standings[region].since_ns, standings[region].since) for region in down]
    known = [(since_ns, since) for since_ns, since in instants if since_ns is not None]
    return f" {min(known)[1]}" if known and len(known) == len(down) else ""


def _by_reason(regions: Sequence[str], standings: Standings) -> dict[tuple[str, str], list[str]]:
    """By reason and step."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for region in regions:
        reasons.setdefault((standings[region].reason, standings[region].step), []).append(region)
    return reasons


def _spell_one(journey: str, region: str, verdict: RegionVerdict) -> str:
    if verdict is RegionVerdict.UP:
        return f"{journey} works in {region}"
    return f"{journey} is down in {region}" if verdict is RegionVerdict.DOWN else _spell(region, verdict)


def _spell(who: str, verdict: RegionVerdict, count: int = 1) -> str:
    if verdict is RegionVerdict.AGENT:
        return f"in {who} the agent is the problem"
    return f"{who} {'is' if count == 1 else 'are'} {verdict}"
