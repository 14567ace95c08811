"""Regions with known delays: what comparisons are tested on. One slot a minute, at 13:00 UTC and after."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from probe.compare.compare import compare_regions
from probe.compare.result import Comparison, RegionFacts, Sample, StepSample
from probe.model.timing import Phase

MS = 1_000_000
MINUTE = 60 * 10**9
SINCE = 1_795_525_200 * 10**9
"""2026-11-24 13:00 UTC."""

Timing = Callable[[int], Mapping[Phase, float]]
"""Milliseconds of each phase, by the index of the slot."""


def step(**ms: float) -> StepSample:
    phases = {Phase(name): round(value * MS) for name, value in ms.items()}
    return StepSample(sum(phases.values()), phases)


def sample(
    slot: int,
    steps: Mapping[str, StepSample],
    *,
    cause: str = "",
    verdict: str = "",
    definition: str = "d1",
    suspect: bool = False,
    every_ns: int = MINUTE,
    failed: str = "",
    reason: str = "",
) -> Sample:
    return Sample(
        slot=slot,
        every_ns=every_ns,
        at_ns=SINCE + slot * every_ns,
        verdict=verdict or ("failed" if cause else "passed"),
        cause=cause,
        definition=definition,
        suspect=suspect,
        duration_ns=sum(one.duration_ns for one in steps.values()),
        steps=steps,
        failed_step=failed,
        reason=reason,
    )


def facts(
    region: str, samples: Sequence[Sample], *, heard_slot: float = 60, controls: bool | None = True
) -> RegionFacts:
    """Heard of at that slot; to be heard of every minute."""
    return RegionFacts(region, tuple(samples), SINCE + round(heard_slot * MINUTE), MINUTE, controls)


def steady(region: str, slots: int = 60, **ms: float) -> RegionFacts:
    """Runs of one step, `pay`, with a little that differs from run to run, the same everywhere."""
    return facts(
        region, [sample(slot, {"pay": step(**ms, send=slot * 7 % 5)}) for slot in range(slots)], heard_slot=slots
    )


def compare(*regions: RegionFacts, slots: int = 60) -> Comparison:
    """Seen when the last slot has just been."""
    until = SINCE + slots * MINUTE
    return compare_regions("checkout", regions, since_ns=SINCE, until_ns=until, now_ns=until)


def noise(random: Random, count: int, memory: float, ms: float = 20, spikes: float = 0.03) -> list[float]:
    """Autoregressive, with that share of spikes."""
    values, level = [], random.gauss(0, ms)
    for _ in range(count):
        level = memory * level + random.gauss(0, ms * (1 - memory**2) ** 0.5)
        values.append(level + (random.expovariate(1 / 300) if random.random() < spikes else 0))
    return values
