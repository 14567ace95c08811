import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.agent.clock import Instant
from probe.agent.grid import LONGEST_LATE_NS, Grid, Look, Missed, grid_of, look
from probe.model.duration import NANOSECONDS
from probe.model.slot import Placement, Reason

S, M, H = NANOSECONDS["s"], NANOSECONDS["m"], NANOSECONDS["h"]
GRID = Grid(M, 7 * S)
NAMES = [f"journey {number}" for number in range(1000)]


def at(wall_ns: int) -> Instant:
    return Instant(wall_ns, wall_ns, wall_ns)


@given(st.integers(S, 400 * 24 * H), st.integers(0, 10**19), st.integers(0, 10**18))
def test_an_index_is_the_latest_slot_that_was_due(every: int, wall: int, offset: int) -> None:
    grid = Grid(every, offset)
    index = grid.index_at(wall)
    assert grid.due_ns(index) <= wall < grid.due_ns(index + 1)


# --- placement


def test_a_thousand_journeys_spread_over_the_whole_period() -> None:
    offsets = [grid_of(name, M, Placement.SYNCHRONISED, 0, 1).offset_ns for name in NAMES]
    per_second = [sum(second * S <= offset < (second + 1) * S for offset in offsets) for second in range(60)]
    assert sum(per_second) == len(NAMES)
    assert min(per_second) >= 5  # 17 on average
    assert max(per_second) <= 35


def test_an_offset_is_the_same_in_every_process() -> None:
    code = (
        "from probe.agent.grid import *; from probe.model.slot import *;"
        'print(grid_of("checkout", 60 * 10**9, Placement.SYNCHRONISED, 0, 1).offset_ns)'
    )
    seeded = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=seeded).stdout
    assert int(told) == grid_of("checkout", M, Placement.SYNCHRONISED, 2, 3).offset_ns


def test_interleaved_regions_share_the_period_evenly() -> None:
    offsets = [grid_of("browse", M, Placement.INTERLEAVE, region, 3).offset_ns for region in range(3)]
    assert [offset - offsets[0] for offset in offsets] == [0, 20 * S, 40 * S]


@pytest.mark.parametrize("placement", [Placement.SYNCHRONISED, Placement.ROTATE])
def test_other_placements_begin_at_the_same_instant_everywhere(placement: Placement) -> None:
    assert len({grid_of("browse", M, placement, region, 3) for region in range(3)}) == 1


# --- looks


def test_a_slot_is_due_once() -> None:
    first = look(GRID, 100, at(GRID.due_ns(99)), at(GRID.due_ns(100) + 1))
    assert first == Look(101, due=100)
    assert look(GRID, first.next, at(GRID.due_ns(100) + 1), at(GRID.due_ns(100) + 2)) == Look(101)


def test_a_slot_is_not_due_before_its_instant() -> None:
    assert look(GRID, 100, at(GRID.due_ns(99)), at(GRID.due_ns(100) - 1)) == Look(100)


def test_a_slot_that_is_noticed_a_little_late_still_runs() -> None:
    now = GRID.due_ns(100) + LONGEST_LATE_NS
    assert look(GRID, 100, at(GRID.due_ns(99)), at(now)) == Look(101, due=100)


def test_a_slot_that_is_noticed_too_late_is_missed() -> None:
    now = GRID.due_ns(100) + LONGEST_LATE_NS + 1
    assert look(GRID, 100, at(GRID.due_ns(99)), at(now)) == Look(101, missed=Missed(100, 100, Reason.LATE))


def test_slots_of_a_time_without_an_agent_are_missed() -> None:
    now = GRID.due_ns(110) + S
    assert look(GRID, 100, None, at(now)) == Look(111, 110, Missed(100, 109, Reason.DOWN))


def test_slots_of_a_machine_that_slept_are_missed() -> None:
    before, wall = at(GRID.due_ns(99)), GRID.due_ns(160)
    now = Instant(wall, before.monotonic_ns + S, wall)
    assert look(GRID, 100, before, now) == Look(161, 160, Missed(100, 159, Reason.SUSPENDED))


def test_slots_that_a_clock_was_set_over_are_missed() -> None:
    before, wall = at(GRID.due_ns(99)), GRID.due_ns(160)
    now = Instant(wall, before.monotonic_ns + S, before.boot_ns + S)
    assert look(GRID, 100, before, now) == Look(161, 160, Missed(100, 159, Reason.CLOCK))


def test_a_clock_that_is_set_back_a_little_runs_no_slot_twice() -> None:
    before = at(GRID.due_ns(100))
    now = Instant(before.wall_ns - 30 * S, before.monotonic_ns + S, before.boot_ns + S)
    assert look(GRID, 101, before, now) == Look(101)


def test_a_clock_that_is_set_back_far_begins_anew_and_does_not_stop_probing() -> None:
    before = at(GRID.due_ns(100))
    now = Instant(GRID.due_ns(40) + S, before.monotonic_ns + S, before.boot_ns + S)
    assert look(GRID, 101, before, now) == Look(41, rewound=True)


@pytest.mark.parametrize("change", ["2026-03-29T00:30", "2026-10-25T00:30"])
def test_an_hour_that_is_left_out_or_comes_twice_changes_no_slot(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    start = int(datetime.fromisoformat(change).replace(tzinfo=UTC).timestamp()) * S
    offsets = {
        datetime.fromtimestamp(start / S + hour * 3600, ZoneInfo("Europe/Berlin")).utcoffset() for hour in (0, 1)
    }
    assert len(offsets) == 2
    following, due = GRID.index_at(start) + 1, []
    for second in range(2 * 3600):
        seen = look(GRID, following, at(start + (second - 1) * S), at(start + second * S))
        following = seen.next
        due += [seen.due] if seen.due is not None else []
        assert seen.missed is None
    assert due == list(range(GRID.index_at(start) + 1, GRID.index_at(start) + 121))
    monkeypatch.undo()
    time.tzset()
