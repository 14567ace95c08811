"""A region's runs as they can be compared: of the common definition, not suspect, by slot."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from probe.compare.pairs import Passes, Slot
from probe.compare.result import RegionFacts, Sample, StepSample

Spans = Mapping[int, tuple[int, int]]
"""By interval, the first and last slot in which there was a run of the definition, compared or not."""


class Track(Struct, frozen=True):
    region: str
    passes: Mapping[str, Passes]
    """By step; of each slot one run."""
    at_ns: Mapping[Slot, int]
    spans: Spans
    left_out: int
    """Runs that are suspect or of another definition."""
    strange: bool
    """Its latest run is of another definition."""

    def failed(self, step: str) -> set[Slot]:
        """In which a run that would have been compared did not pass it, or did not get there."""
        return set(self.at_ns.keys() - self.passes.get(step, {}).keys())


def common_definition(facts: Iterable[RegionFacts]) -> str:
    """The one that most regions ran last; of several, the one that ran last of all."""
    latest = [max(region.samples, key=_at) for region in facts if region.samples]
    votes = Counter(sample.definition for sample in latest)
    best = max(latest, key=lambda sample: (votes[sample.definition], sample.at_ns), default=None)
    return best.definition if best else ""


def step_names(facts: Iterable[RegionFacts], definition: str) -> tuple[str, ...]:
    """In the order of the journey, as far as runs of the definition got."""
    ways = {tuple(run.steps) for region in facts for run in region.samples if run.definition == definition}
    return tuple(dict.fromkeys(step for way in sorted(ways, key=lambda way: (-len(way), way)) for step in way))


def track(facts: RegionFacts, definition: str) -> Track:
    runs = sorted((run for run in facts.samples if run.definition == definition), key=_at)
    compared = {(run.every_ns, run.slot): run for run in runs if not run.suspect}
    steps: dict[str, dict[Slot, StepSample]] = {}
    for slot, run in compared.items():
        for step, sample in run.steps.items():
            steps.setdefault(step, {})[slot] = sample
    return Track(
        region=facts.region,
        passes=steps,
        at_ns={slot: run.at_ns for slot, run in compared.items()},
        spans=_spans(runs),
        left_out=len(facts.samples) - sum(not run.suspect for run in runs),
        strange=bool(facts.samples) and max(facts.samples, key=_at).definition != definition,
    )


def shared_slots(own: Spans, others: Sequence[Spans]) -> int:
    """How many slots there were while both the region and another one ran."""
    total = 0
    for every_ns, (first, last) in own.items():
        met = [other[every_ns] for other in others if every_ns in other]
        if met:
            total += max(0, min(last, max(end for _, end in met)) - max(first, min(start for start, _ in met)) + 1)
    return total


def _spans(runs: Iterable[Sample]) -> Spans:
    spans: dict[int, tuple[int, int]] = {}
    for run in runs:
        first, last = spans.get(run.every_ns, (run.slot, run.slot))
        spans[run.every_ns] = min(first, run.slot), max(last, run.slot)
    return spans


def _at(sample: Sample) -> int:
    return sample.at_ns
