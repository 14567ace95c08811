"""A region's runs of a step, each beside the other regions' runs in the same slot."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from probe.compare.result import StepSample

Slot = tuple[int, int]
"""Interval and index: indices of different intervals are different slots."""

Passes = Mapping[Slot, StepSample]
"""What a region measured of one step, by slot, oldest first."""

COVER = 0.8
"""Regions that share fewer slots than this share of the best are no measure: the reference would change with them."""

LEAST_NS = 20_000_000
LEAST_SHARE = 0.1
"""A difference below either of these matters to nobody, however certain it is."""

_by_duration = attrgetter("duration_ns")


class Pair(Struct, frozen=True):
    """One slot: the region's run, and the median of the others (two runs when their number is even)."""

    slot: Slot
    own: StepSample
    others: tuple[StepSample, ...]
    others_ns: float
    shift_ns: float


def least_ns(duration_ns: float) -> float:
    """The least difference from that duration that matters."""
    return max(LEAST_NS, LEAST_SHARE * duration_ns)


def peers_of(own: Passes, others: Mapping[str, Passes]) -> list[str]:
    """The regions a region can be compared with: those that ran in most of its slots.

    Of two that are far from each other only the faster is left: halfway between them there is no region at all, and a
    far-away one would hide what is wrong with a near one.
    """
    shared = {region: len(own.keys() & passes.keys()) for region, passes in others.items()}
    enough = max(1, COVER * max(shared.values(), default=0))
    peers = [region for region, slots in shared.items() if slots >= enough]
    if len(peers) != 2:
        return peers
    near, far = sorted(peers, key=lambda region: _median_run(others[region]).duration_ns)
    near_ns, far_ns = (_median_run(others[region]).duration_ns for region in (near, far))
    return [near] if far_ns - near_ns >= least_ns(near_ns) else peers


def pair_up(own: Passes, peers: Sequence[Passes]) -> list[Pair]:
    """A pair for every slot in which the region and at least half of its peers ran, oldest first. There is a peer.

    A peer without a run in a slot is stood in for by its usual run: the median must not jump because a far region is
    missing for a moment.
    """
    usual = [_median_run(passes) for passes in peers]
    rows = zip(*(map(passes.get, own) for passes in peers), strict=True)
    return [
        _pair(slot, run, [other or stand_in for other, stand_in in zip(others, usual, strict=True)])
        for (slot, run), others in zip(own.items(), rows, strict=True)
        if 2 * others.count(None) <= len(peers)
    ]


def _pair(slot: Slot, own: StepSample, others: Sequence[StepSample]) -> Pair:
    ordered = sorted(others, key=_by_duration)
    middle = tuple(ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1])
    others_ns = sum(run.duration_ns for run in middle) / len(middle)
    return Pair(slot, own, middle, others_ns, own.duration_ns - others_ns)


def _median_run(passes: Passes) -> StepSample:
    ordered = sorted(passes.values(), key=_by_duration)
    return ordered[(len(ordered) - 1) // 2]
