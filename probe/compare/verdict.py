"""Whether the target is up in a region, as far as its agent can be believed."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from probe.compare.instants import spell_instant
from probe.compare.result import RegionFacts, RegionVerdict, Sample
from probe.compare.sentence import named
from probe.model.result import Verdict

LATEST = 5
"""How many runs decide."""
FEWEST = 2
LATE = 3
"""Intervals without a word, or without a run, until it is more than a delay."""
LEAST_LATE_NS = 60 * 10**9


class Standing(Struct, frozen=True):
    """A region's verdict, and why in a few words; empty when it is up."""

    verdict: RegionVerdict
    why: str = ""
    reason: str = ""
    """Of its runs that do not pass: `HTTP 500`."""
    step: str = ""
    """Where they fail, if in a step."""
    sentence: str = ""
    """What to know of its agent, when that is what matters."""
    since_ns: int | None = None
    since: str = ""
    """When it went down, in words; empty when it was before the window."""


def stand(facts: RegionFacts, journey: str, *, until_ns: int, now_ns: int) -> Standing:
    """Silence outranks all: a region that is not heard of is neither up nor down, whatever it said last."""
    if is_late(facts.heard_ns, facts.expected_every_ns, now_ns):
        return _silent(facts, now_ns)
    runs = sorted(facts.samples, key=lambda run: run.at_ns)[-LATEST:]
    bad = [run for run in runs if run.verdict != Verdict.PASSED]
    if facts.controls_sound is False and (not runs or runs[-1].verdict == Verdict.ERRORED):
        return _agent(facts.region, f"its control targets fail{' too' if bad else ''}")
    if len(runs) < FEWEST:
        return Standing(RegionVerdict.UNKNOWN, f"{len(runs) or 'no'} run{'s' * (len(runs) != 1)} yet")
    if is_late(runs[-1].at_ns, runs[-1].every_ns, min(now_ns, until_ns)):
        return _stalled(facts.region, journey, spell_instant(runs[-1].at_ns, now_ns))
    return _by_runs(facts, runs, bad, now_ns)


def _by_runs(facts: RegionFacts, runs: Sequence[Sample], bad: Sequence[Sample], now_ns: int) -> Standing:
    """When most runs, or the last two, do not pass, most of those decide.

    *failed* is only said where the agent's network is sound.
    """
    region = facts.region
    if 2 * len(bad) <= len(runs) and not all(run in bad for run in runs[-FEWEST:]):
        return Standing(RegionVerdict.UP)
    errored = [run for run in bad if run.verdict == Verdict.ERRORED]
    if 2 * len(errored) > len(bad):
        why = spell_reason(*_reason(errored))
        return _agent(region, f"{len(errored)} of its last {len(runs)} runs errored ({why})")
    failed = [run for run in bad if run.verdict != Verdict.ERRORED]
    (reason, step), since_ns = _reason(failed), _since(facts)
    since = "" if since_ns is None else f"since {spell_instant(since_ns, now_ns)}"
    why = f"{len(failed)} of its last {len(runs)} runs failed ({spell_reason(reason, step)})"
    why += f", {since}" if since else ""
    return Standing(RegionVerdict.DOWN, why, reason, step, since_ns=since_ns, since=since)


def _silent(facts: RegionFacts, now_ns: int) -> Standing:
    why = "from the start" if facts.heard_ns is None else f"since {spell_instant(facts.heard_ns, now_ns)}"
    sentence = f"{facts.region} is silent {why}; it is neither up nor down."
    return Standing(RegionVerdict.SILENT, why, sentence=sentence)


def _agent(region: str, why: str) -> Standing:
    return Standing(RegionVerdict.AGENT, why, sentence=f"The agent in {region} is the problem: {why}.")


def _stalled(region: str, journey: str, since: str) -> Standing:
    sentence = f"{region} has not run {journey} since {since}, though its agent is heard of; it is neither up nor down."
    return Standing(RegionVerdict.UNKNOWN, f"no run since {since}", sentence=sentence)


def is_late(seen_ns: int | None, every_ns: int, now_ns: int) -> bool:
    """Whether what was to come every so often has been away for more than a delay."""
    return seen_ns is None or now_ns - seen_ns > max(LATE * every_ns, LEAST_LATE_NS)


def _since(facts: RegionFacts) -> int | None:
    """When the first run after the last that passed began; None when none passed in the window: it is older then."""
    runs = sorted(facts.samples, key=lambda run: run.at_ns)
    passed = max((place for place, run in enumerate(runs) if run.verdict == Verdict.PASSED), default=None)
    return None if passed is None or passed == len(runs) - 1 else runs[passed + 1].at_ns


def spell_reason(reason: str, step: str) -> str:
    return f"{reason} on {named(step)}" if step else reason


def _reason(bad: Sequence[Sample]) -> tuple[str, str]:
    """Reason and step of most of them; of several, the latest. Asterisks mean something in a sentence."""
    said = [((run.reason or run.cause).replace("*", "∗"), run.failed_step) for run in reversed(bad)]
    return Counter(said).most_common(1)[0][0]
