"""Which regions are slower than the others, as few things as a person can take in."""

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from probe.compare.cells import Judged
from probe.compare.result import Difference, Finding
from probe.compare.sentence import listed, main_phase, slower, spell_peers, usual
from probe.model.timing import Phase


class Slow(Struct, frozen=True):
    """Steps of a region that are slower for the same phase, the one that is most so first."""

    region: str
    steps: tuple[str, ...]
    phase: Phase
    difference: Difference
    """Of the first step."""
    peers: tuple[str, ...]

    @property
    def is_news(self) -> bool:
        """Whether it began within the window: distance is none."""
        return self.difference.onset is not None


def slow_steps(judged: Sequence[Judged], regions: Collection[str]) -> list[Slow]:
    """In the given regions. What began within the window comes first, as distance is not news; then the largest."""
    groups: dict[tuple[str, Phase, bool, tuple[str, ...]], list[tuple[Difference, Judged]]] = {}
    for one in judged:
        difference = one.cell.difference
        if difference and difference.significant and difference.shift_ns > 0 and one.cell.region in regions:
            key = (one.cell.region, main_phase(difference), difference.onset is not None, one.peers)
            groups.setdefault(key, []).append((difference, one))
    return sorted(
        (_fold(region, phase, members) for (region, phase, _, _), members in groups.items()),
        key=lambda slow: (not slow.is_news, -slow.difference.shift_ns, slow.region),
    )


def slow_finding(slow: Slow, others: int, *, now_ns: int) -> Finding:
    """`others` is how many regions there are beside this one."""
    peers = spell_peers(slow.peers, others)
    sentence = slower(slow.region, slow.steps, slow.difference, peers, now_ns=now_ns)
    return Finding(sentence, slow.region, slow.steps[0], slow.phase, early=slow.difference.early)


def distance_findings(slow: Sequence[Slow]) -> list[Finding]:
    """All that was slower all through the window, in one sentence."""
    by_region: dict[str, list[Slow]] = {}
    for one in slow:
        if not one.is_news:
            by_region.setdefault(one.region, []).append(one)
    if not by_region:
        return []
    far = [replace(those[0], steps=tuple(step for one in those for step in one.steps)) for those in by_region.values()]
    told = listed([usual(one.region, one.steps, one.difference) for one in far])
    return [
        Finding(
            f"Usual distance, all through the window: {told}.", far[0].region, far[0].steps[0], far[0].phase, usual=True
        )
    ]


def _fold(region: str, phase: Phase, members: Sequence[tuple[Difference, Judged]]) -> Slow:
    ordered = sorted(members, key=lambda member: -member[0].shift_ns)
    difference, first = ordered[0]
    return Slow(region, tuple(one.cell.step for _, one in ordered), phase, difference, first.peers)
