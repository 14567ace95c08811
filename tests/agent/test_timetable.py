from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from probe.agent.grid import Grid
from probe.agent.planned import Planned
from probe.agent.timetable import Begin, Decision, Pass, Rewind, Timetable
from probe.model.duration import NANOSECONDS
from probe.model.slot import Placement, Reason, SlotState
from tests.agent.planning import READS, WRITES, plan
from tests.clock import START_NS, FakeClock

S, M, H = NANOSECONDS["s"], NANOSECONDS["m"], NANOSECONDS["h"]


def timetable(*planned: Planned, clock: FakeClock) -> Timetable:
    table = Timetable()
    table.replace([(each, each.grid.index_at(clock.wall_ns) + 1) for each in planned])
    table.tick(clock.read())
    return table


def run_through(table: Timetable, clock: FakeClock, seconds: int) -> list[Decision]:
    """All decisions of so many seconds; every run ends at once."""
    decided = []
    for _ in range(seconds):
        clock.pass_ns(S)
        for decision in table.tick(clock.read()):
            decided.append(decision)
            if isinstance(decision, Begin):
                table.ended(decision.planned.journey.name, decision.run_id)
    return decided


def to_the_next_slot(table: Timetable, clock: FakeClock) -> list[Decision]:
    due = table.next_due_ns
    assert due is not None
    clock.pass_ns(due - clock.wall_ns)
    return table.tick(clock.read())


def test_every_journey_runs_once_an_interval() -> None:
    clock = FakeClock()
    table = timetable(plan("a"), plan("b", every_ns=30 * S), clock=clock)
    decided = run_through(table, clock, 600)
    assert Counter(each.planned.journey.name for each in decided) == {"a": 10, "b": 20}
    assert all(isinstance(each, Begin) for each in decided)
    assert len({each.run_id for each in decided if isinstance(each, Begin)}) == 30


def test_a_journey_that_still_runs_is_skipped_and_not_overlapped() -> None:
    clock = FakeClock()
    planned = plan()
    table = timetable(planned, clock=clock)
    (begin,) = to_the_next_slot(table, clock)
    assert isinstance(begin, Begin)
    (passed,) = to_the_next_slot(table, clock)
    assert passed == Pass(planned, begin.index + 1, begin.index + 1, SlotState.SKIPPED, Reason.OVERLAP)
    table.ended("browse", begin.run_id)
    (again,) = to_the_next_slot(table, clock)
    assert isinstance(again, Begin)


def test_regions_take_turns_to_write() -> None:
    regions = [plan(placement=Placement.ROTATE, turn=turn, turns=3) for turn in range(3)]
    writers = [[index for index in range(12) if region.writes_in(index)] for region in regions]
    assert writers == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]


def test_a_journey_that_begins_with_a_write_waits_for_its_regions_turn() -> None:
    clock = FakeClock()
    table = timetable(plan(steps=WRITES, placement=Placement.ROTATE, turn=1, turns=3), clock=clock)
    decided = run_through(table, clock, 6 * 60)
    kinds = [
        each.reason if isinstance(each, Pass) else each.index % 3 for each in decided if not isinstance(each, Rewind)
    ]
    assert Counter(kinds) == {Reason.ROTATION: 4, 1: 2}


def test_other_journeys_run_whoevers_turn_it_is() -> None:
    clock = FakeClock()
    table = timetable(plan(steps=READS + WRITES, placement=Placement.ROTATE, turn=1, turns=3), clock=clock)
    assert all(isinstance(each, Begin) for each in run_through(table, clock, 360))


def test_a_journey_that_stays_as_it_is_keeps_its_slots_and_its_run() -> None:
    clock = FakeClock()
    kept = plan("kept")
    table = timetable(kept, clock=clock)
    (begin,) = to_the_next_slot(table, clock)
    assert isinstance(begin, Begin)
    table.replace([(kept, -5)])
    assert (table.is_running("kept"), table.due_ns("kept")) == (True, kept.grid.due_ns(begin.index + 1))
    assert to_the_next_slot(table, clock) == [
        Pass(kept, begin.index + 1, begin.index + 1, SlotState.SKIPPED, Reason.OVERLAP)
    ]


def test_a_run_of_a_journey_on_another_grid_still_is_one() -> None:
    clock = FakeClock()
    table = timetable(plan(), clock=clock)
    (begin,) = to_the_next_slot(table, clock)
    assert isinstance(begin, Begin)
    other = plan(every_ns=10 * S)
    table.replace([(other, other.grid.index_at(clock.wall_ns) + 1)])
    assert table.is_running("browse")
    assert isinstance(to_the_next_slot(table, clock)[0], Pass)
    table.ended("browse", begin.run_id)
    assert isinstance(to_the_next_slot(table, clock)[0], Begin)


def test_a_journey_that_is_taken_out_has_no_slots_any_more() -> None:
    clock = FakeClock()
    table = timetable(plan("a"), clock=clock)
    table.replace([])
    clock.pass_ns(H)
    assert (table.tick(clock.read()), table.next_due_ns, table.due_ns("a")) == ([], None, None)


def test_a_journey_that_is_taken_out_and_put_back_while_it_runs_does_not_overlap_itself() -> None:
    clock = FakeClock()
    planned = plan()
    table = timetable(planned, clock=clock)
    (begin,) = to_the_next_slot(table, clock)
    assert isinstance(begin, Begin)
    table.replace([])
    table.replace([(planned, begin.index + 1)])
    (passed,) = to_the_next_slot(table, clock)
    assert isinstance(passed, Pass)
    assert passed.reason is Reason.OVERLAP
    table.ended("browse", begin.run_id)
    assert isinstance(to_the_next_slot(table, clock)[0], Begin)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 200)),
        st.tuples(st.just("suspend"), st.integers(1, 20_000)),
        st.tuples(st.just("set"), st.integers(-20_000, 20_000)),
        st.tuples(st.just("end"), st.just(0)),
    ),
    max_size=60,
)


@given(st.integers(1, 900), st.integers(0, 10**6), EVENTS)
def test_whatever_the_clocks_do_every_slot_is_decided_about_exactly_once(
    every: int, offset: int, events: list[tuple[str, int]]
) -> None:
    clock = FakeClock(START_NS)
    planned = plan(grid=Grid(every * S, offset * 10**6))
    following = planned.grid.index_at(clock.wall_ns) + 1
    table = Timetable()
    table.replace([(planned, following)])
    running = ""
    for what, seconds in events:
        match what:
            case "pass":
                clock.pass_ns(seconds * S)
            case "suspend":
                clock.suspend(seconds * S)
            case "set":
                clock.set_by(seconds * S)
            case "end":
                table.ended("browse", running)
                running = ""
        for decision in table.tick(clock.read()):
            match decision:
                case Rewind(first=first):
                    assert first < following
                    following = first
                case Pass(first=first, last=last):
                    assert first == following
                    assert last >= first
                    following = last + 1
                case Begin(index=index, run_id=run_id):
                    assert index == following
                    assert not running
                    following, running = index + 1, run_id
        assert 0 < planned.grid.due_ns(following) - clock.wall_ns <= 2 * every * S
