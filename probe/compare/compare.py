from collections.abc import Sequence

from msgspec.structs import replace

from probe.compare.cells import judge
from probe.compare.headline import headline
from probe.compare.quorum import reporting, verdict_findings
from probe.compare.result import Comparison, Finding, RegionFacts, RegionVerdict
from probe.compare.risen import risen_finding, risen_steps
from probe.compare.sentence import counted, listed
from probe.compare.slow import distance_findings, slow_finding, slow_steps
from probe.compare.summary import summarise
from probe.compare.track import Track, common_definition, step_names, track
from probe.compare.verdict import stand


def compare_regions(
    journey: str, facts: Sequence[RegionFacts], *, since_ns: int, until_ns: int, now_ns: int
) -> Comparison:
    """Which regions are up; and which one is slower than the others, or all of them than before, on which step, in
    which phase, since when. Usual distances come last, and not while the target is down somewhere.

    Runs that began in `since_ns` up to, not including, `until_ns` count; `now_ns` is the instant the facts are of.
    """
    facts = [_within(region, since_ns, until_ns) for region in facts]
    definition = common_definition(facts)
    steps = step_names(facts, definition)
    standings = {region.region: stand(region, journey, until_ns=until_ns, now_ns=now_ns) for region in facts}
    tracks = [track(region, definition) for region in facts]
    judged = judge(tracks, steps)
    reports = reporting(standings)
    slow, risen = slow_steps(judged, reports), risen_steps(judged, tracks, reports)
    down = any(standings[region].verdict is RegionVerdict.DOWN for region in reports)
    return Comparison(
        journey=journey,
        since_ns=since_ns,
        until_ns=until_ns,
        headline=headline(journey, standings, judged, slow, risen),
        findings=(
            *verdict_findings(journey, standings),
            *(risen_finding(one, now_ns=now_ns) for one in risen if one.everywhere),
            *(slow_finding(one, len(facts) - 1, now_ns=now_ns) for one in slow if one.is_news),
            *(risen_finding(one, now_ns=now_ns) for one in risen if not one.everywhere),
            *_strange(journey, tracks),
            *([] if down else distance_findings(slow)),
        ),
        regions=tuple(summarise(region, standings[region.region]) for region in facts),
        steps=steps,
        cells=tuple(one.cell for one in judged),
        left_out=sum(track.left_out for track in tracks),
    )


def _within(facts: RegionFacts, since_ns: int, until_ns: int) -> RegionFacts:
    return replace(facts, samples=tuple(run for run in facts.samples if since_ns <= run.at_ns < until_ns))


def _strange(journey: str, tracks: Sequence[Track]) -> list[Finding]:
    regions = [track.region for track in tracks if track.strange]
    if not regions:
        return []
    run = "runs" if len(regions) == 1 else "run"
    others = counted(len(tracks) - len(regions), "other region")
    return [
        Finding(
            f"{listed(regions)} {run} another definition of {journey} than the {others}: not compared.",
            region=regions[0] if len(regions) == 1 else "",
        )
    ]
