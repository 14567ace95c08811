from math import fsum, isclose

from hypothesis import given
from hypothesis import strategies as st

from probe.compare.pairs import pair_up
from probe.compare.result import Contribution, StepSample
from probe.compare.trimmed import attribute, typical_phases
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, step

TIMES = st.integers(0, 10**12)
RUNS = st.builds(StepSample, TIMES, st.dictionaries(st.sampled_from(list(Phase)), TIMES))
FLEETS = st.integers(2, 5).flatmap(
    lambda regions: st.lists(st.lists(RUNS, min_size=regions, max_size=regions), min_size=1)
)


@given(FLEETS)
def test_contributions_add_up_whatever_the_phases_are(fleet: list[list[StepSample]]) -> None:
    own, *peers = [{(MINUTE, slot): run for slot, run in enumerate(runs)} for runs in zip(*fleet, strict=True)]
    trimmed, parts = attribute(pair_up(own, peers))
    assert isclose(fsum(part.shift_ns for part in parts), trimmed, rel_tol=1e-9, abs_tol=1)


def test_each_phase_is_told_the_largest_first() -> None:
    own = {(MINUTE, slot): step(tls=130, processing=60, other=1) for slot in range(30)}
    others = {(MINUTE, slot): step(tls=30, processing=70, other=1) for slot in range(30)}
    assert attribute(pair_up(own, [others])) == (
        90 * MS,
        (Contribution(Phase.TLS, 100 * MS), Contribution(Phase.PROCESSING, -10 * MS), Contribution(Phase.OTHER, 0)),
    )


def test_a_tenth_at_either_end_counts_for_nothing() -> None:
    late = {slot: 9000 if slot == 3 else 0 for slot in range(10)}
    own = {(MINUTE, slot): step(tls=10 + late[slot] if slot != 4 else 0) for slot in range(10)}
    trimmed, _ = attribute(pair_up(own, [{(MINUTE, slot): step(tls=0) for slot in range(10)}]))
    assert trimmed == 10 * MS


def test_a_phase_that_was_not_reached_counts_as_nothing() -> None:
    own = {(MINUTE, slot): step(connect=40, processing=10) if slot % 2 else step(processing=10) for slot in range(20)}
    _, parts = attribute(pair_up(own, [{(MINUTE, slot): step(processing=10) for slot in range(20)}]))
    assert parts[0] == Contribution(Phase.CONNECT, 20 * MS)


def test_what_the_phases_leave_over_is_other() -> None:
    own = {(MINUTE, slot): StepSample(100 * MS, {Phase.TLS: 30 * MS}) for slot in range(10)}
    _, parts = attribute(pair_up(own, [{(MINUTE, slot): StepSample(0, {}) for slot in range(10)}]))
    assert parts == (Contribution(Phase.OTHER, 70 * MS), Contribution(Phase.TLS, 30 * MS))


def test_typical_phases_add_up_to_a_typical_duration_in_the_order_of_an_exchange() -> None:
    runs = [step(processing=50, tls=10) for _ in range(9)] + [step(processing=9000, tls=10)]
    assert list(typical_phases(runs).items()) == [(Phase.TLS, 10 * MS), (Phase.PROCESSING, 50 * MS)]
