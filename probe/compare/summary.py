from collections import Counter
from collections.abc import Sequence
from math import ceil
from statistics import median

from probe.compare.result import RegionFacts, RegionSummary
from probe.compare.verdict import Standing
from probe.model.result import Verdict


def summarise(facts: RegionFacts, standing: Standing) -> RegionSummary:
    """A region's runs in the window, of any definition; latency is of those that passed and are not suspect."""
    verdicts = Counter(run.verdict for run in facts.samples)
    durations = [run.duration_ns for run in facts.samples if run.verdict == Verdict.PASSED and not run.suspect]
    return RegionSummary(
        region=facts.region,
        verdict=standing.verdict,
        runs=len(facts.samples),
        passed=verdicts[Verdict.PASSED],
        failed=verdicts[Verdict.FAILED],
        errored=verdicts[Verdict.ERRORED],
        suspect=sum(run.suspect for run in facts.samples),
        median_ns=middle(durations),
        p95_ns=percentile_95(durations),
        heard_ns=facts.heard_ns,
        why=standing.why,
    )


def middle(values: Sequence[int]) -> float | None:
    return float(median(values)) if values else None


def percentile_95(values: Sequence[int]) -> float | None:
    """The nearest rank: a value that was measured."""
    return float(sorted(values)[ceil(0.95 * len(values)) - 1]) if values else None
