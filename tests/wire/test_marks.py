from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.model.timing import Clock, Phase
from probe.wire.marks import Marks, address_of
from probe.wire.tcp_info import TcpInfo
from probe.wire.transport import Traffic

R, C, T, S, P, X, OTHER = Phase  # in the order in which an exchange goes through them
CONNECTING = ("begin resolve", "end", "begin connect", "end", "begin tls", "end")


def ticking() -> Callable[[], int]:
    """A clock that goes on by 1, 10, 100, … every time it is asked: each distance can be told from any sum.

    Marks ask twice as they begin, and it stands still in between.
    """
    return (sum(10**each for each in range(tick)) for tick in count(-1)).__next__


def told(*events: str, complete: bool = False) -> Marks:
    """The marks of an exchange in which all this happened before it ended."""
    marks = Marks(ticking())
    for event in events:
        name, _, phase = event.partition(" ")
        match name:
            case "begin":
                marks.begin(Phase(phase))
            case "received":
                marks.received(1)
            case _:
                getattr(marks, name)()
    marks.finish(complete=complete)
    return marks


def test_phases_lie_between_the_instants_and_other_is_the_rest() -> None:
    marks = told(*CONNECTING, "sending", "sent_some", "received", "received", complete=True)
    between = 1 + 100 + 10**4 + 10**6
    assert marks.phases() == {R: 10, C: 10**3, T: 10**5, S: 10**7 // 2, P: 10**8 + 10**7 // 2, X: 10**9, OTHER: between}
    assert (marks.duration_ns, marks.received_bytes) == (sum(marks.phases().values()), 2)


def test_what_comes_after_a_phase_that_ended_earlier_than_was_heard_of_is_ours() -> None:
    marks = Marks(ticking())
    marks.begin(R)
    marks.end(marks.started_ns + 5)
    marks.finish(complete=False)
    assert marks.phases() == {R: 4, OTHER: 1 + 6}


def test_a_phase_whose_beginning_is_known_better_began_then() -> None:
    marks = Marks(ticking())
    marks.begin(R)
    marks.end(marks.started_ns + 9, marks.started_ns + 4)
    marks.finish(complete=False)
    assert marks.phases() == {R: 5, OTHER: 1 + 5}


def test_a_phase_that_was_not_reached_is_absent() -> None:
    assert told("begin connect").phases() == {C: 10, OTHER: 1}


def test_a_request_of_which_something_waits_is_still_being_sent() -> None:
    marks = Marks(ticking())
    marks.sending()
    marks.sent_some()
    marks.holding = True
    assert marks.waiting_in is S
    marks.finish(complete=False)
    assert (marks.phases(), marks.ended_in) == ({S: 10 + 100, OTHER: 1}, S)


def test_an_answer_to_a_request_of_which_something_waits_is_one() -> None:
    marks = Marks(ticking())
    marks.sending()
    marks.holding = True
    marks.received(1)
    marks.finish(complete=True)
    assert (list(marks.phases()), marks.ended_in) == ([S, P, X, OTHER], X)


def test_nothing_at_all_is_all_ours() -> None:
    marks = told()
    assert (marks.phases(), marks.sent) == ({OTHER: 1}, False)


def test_the_second_address_of_a_name_adds_to_the_time_of_the_first() -> None:
    assert told("begin connect", "begin connect", "end").phases() == {C: 10 + 100, OTHER: 1 + 10**3}


def test_a_complete_exchange_ends_with_its_last_byte() -> None:
    assert told("sending", "sent_some", "received", complete=True).phases() == {S: 5, P: 105, X: 0, OTHER: 1}


def test_an_exchange_that_was_cut_ends_now() -> None:
    assert told("sending", "sent_some", "received").phases() == {S: 5, P: 105, X: 10**3, OTHER: 1}


def test_what_is_sent_after_the_answer_began_does_not_count() -> None:
    marks = told("sending", "sent_some", "received", "sent_some", complete=True)
    assert marks.phases() == {S: 5, P: 105, X: 0, OTHER: 1}


def test_what_comes_before_the_request_is_no_answer_to_it() -> None:
    marks = told("received", "sending", "sent_some", complete=True)
    assert (marks.phases(), marks.received_bytes) == ({S: 5, P: 105, OTHER: 1}, 0)


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ([], OTHER),
        (["begin resolve"], R),
        (["begin resolve", "begin connect"], C),
        (["begin tls"], T),
        (["begin tls", "end", "sending"], P),
        (["begin tls", "end", "sending", "received"], X),
    ],
)
def test_a_time_out_strikes_in_the_phase_that_was_reached(events: list[str], phase: Phase) -> None:
    assert told(*events).ended_in is phase


connecting = st.lists(st.sampled_from(["begin resolve", "begin connect", "begin tls", "end", "received"]))
exchanging = st.lists(st.sampled_from(["sending", "sent_some", "received"]))


@given(connecting, exchanging, st.booleans())
def test_phases_add_up_and_none_is_negative_whatever_happens(
    before: list[str], after: list[str], complete: bool
) -> None:
    marks = told(*before, "end", *after, complete=complete)
    assert sum(marks.phases().values()) == marks.duration_ns
    assert min(marks.phases().values()) >= 0


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert (address_of("::1", 80), address_of("127.0.0.1", 80)) == ("[::1]:80", "127.0.0.1:80")


# --- the kernel's stamps

MS = 1_000_000
NOON = 10**18
"""What the wall clock says when the other one begins."""


class Clocks:
    """Two clocks that go on together when a test says so."""

    def __init__(self) -> None:
        self.now = 0
        self.wall = NOON
        self.marks = Marks(lambda: self.now, lambda: self.wall)

    def pass_ms(self, milliseconds: float) -> None:
        self.now += int(milliseconds * MS)
        self.wall += int(milliseconds * MS)

    def send(self) -> None:
        self.marks.sending()
        self.marks.sent_some()

    def receive(self, stamp_ms: float | None, count: int = 1) -> None:
        """Bytes the kernel got at that time since the beginning."""
        self.arrive(stamp_ms, count)
        self.marks.received(count)

    def arrive(self, stamp_ms: float | None, count: int = 1) -> None:
        self.marks.arrived(None if stamp_ms is None else NOON + int(stamp_ms * MS), count)

    def phases_ms(self, *, complete: bool = True) -> dict[Phase, float]:
        self.marks.finish(complete=complete)
        assert sum(self.marks.phases().values()) == self.marks.duration_ns
        return {phase: took / MS for phase, took in self.marks.phases().items()}


def info(**known: int) -> TcpInfo:
    return TcpInfo(
        **{"rtt_ns": 4 * MS, "min_rtt_ns": 3 * MS, "retransmits": 0, "segments_in": 0, "unread": 0, "window": 20_000}
        | known
    )


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_an_answer_came_when_the_kernel_got_it_and_not_when_python_looked(clocks: Clocks) -> None:
    clocks.pass_ms(1)
    clocks.send()
    clocks.pass_ms(300)
    clocks.receive(21)
    clocks.pass_ms(300)
    clocks.receive(26)
    assert clocks.phases_ms() == {S: 0, P: 20, X: 5, OTHER: 1}
    assert clocks.marks.clock is Clock.KERNEL


def _no_stamp(clocks: Clocks) -> None:
    clocks.receive(None)


def _stamp_of_the_future(clocks: Clocks) -> None:
    clocks.receive(31)


def _stamp_from_before_the_request(clocks: Clocks) -> None:
    clocks.receive(1)


def _clock_set_back(clocks: Clocks) -> None:
    clocks.wall -= 5 * MS
    clocks.receive(15)


def _clock_set_forward(clocks: Clocks) -> None:
    clocks.wall += 5 * MS
    clocks.receive(25)


@pytest.mark.parametrize(
    "receive", [_no_stamp, _stamp_of_the_future, _stamp_from_before_the_request, _clock_set_back, _clock_set_forward]
)
def test_a_stamp_that_cannot_be_right_is_not_believed_and_the_record_says_so(
    clocks: Clocks, receive: Callable[[Clocks], None]
) -> None:
    clocks.pass_ms(10)
    clocks.send()
    clocks.pass_ms(20)
    receive(clocks)
    assert (clocks.phases_ms(), clocks.marks.clock) == ({S: 0, P: 20, X: 0, OTHER: 10}, Clock.USER)


def test_one_instant_that_is_pythons_makes_the_exchange_pythons(clocks: Clocks) -> None:
    clocks.send()
    clocks.pass_ms(9)
    clocks.receive(5)
    clocks.receive(None)
    assert (clocks.phases_ms(), clocks.marks.clock) == ({S: 0, P: 5, X: 4, OTHER: 0}, Clock.USER)


def test_an_exchange_that_was_cut_ended_by_pythons_clock(clocks: Clocks) -> None:
    clocks.send()
    clocks.pass_ms(9)
    clocks.receive(5)
    assert (clocks.phases_ms(complete=False), clocks.marks.clock) == ({S: 0, P: 5, X: 4, OTHER: 0}, Clock.USER)


def test_the_clocks_are_read_anew_when_something_came_between() -> None:
    ticks = iter([0, 0, 0, 0, 10 * MS, 50 * MS, 50 * MS, 50 * MS])
    marks = Marks(ticks.__next__, lambda: NOON + 50 * MS)
    marks._ahead_ns = NOON
    marks.sending()
    marks.sent_some()
    marks.arrived(NOON + 9 * MS)
    marks.received(1)
    marks.finish(complete=True)
    assert (marks.phases()[P], marks.clock) == (9 * MS, Clock.KERNEL)


def test_connecting_takes_a_round_trip_however_late_python_hears_of_it(clocks: Clocks) -> None:
    clocks.marks.begin(C)
    clocks.pass_ms(250)  # another address was tried, in vain
    attempted = clocks.marks.now()
    clocks.pass_ms(300)
    clocks.marks.connected(attempted, info())
    assert clocks.phases_ms() == {C: 254, OTHER: 296}


@pytest.mark.parametrize("known", [None, info(retransmits=1), info(rtt_ns=0)])
def test_connecting_ends_when_python_hears_of_it_where_the_kernel_cannot_tell(
    clocks: Clocks, known: TcpInfo | None
) -> None:
    clocks.marks.begin(C)
    clocks.pass_ms(1028)
    clocks.marks.connected(0, known)
    clocks.send()
    clocks.pass_ms(1)
    clocks.receive(1029)
    assert (clocks.phases_ms(), clocks.marks.clock) == ({C: 1028, S: 0, P: 1, X: 0, OTHER: 0}, Clock.USER)


def test_a_round_trip_is_not_longer_than_it_took(clocks: Clocks) -> None:
    clocks.marks.begin(C)
    clocks.pass_ms(3)
    clocks.marks.connected(0, info())
    assert clocks.phases_ms() == {C: 3, OTHER: 0}


def test_of_a_handshake_only_the_peers_part_is_tls(clocks: Clocks) -> None:
    clocks.marks.begin(T)
    for stamp in (7, 27):
        clocks.pass_ms(10)
        clocks.marks.arrived(NOON + stamp * MS)
        clocks.pass_ms(10)
        clocks.marks.answered()
        clocks.marks.begin(T)
    clocks.pass_ms(10)
    clocks.marks.arrived(NOON + 45 * MS)
    clocks.marks.answered()
    clocks.marks.answered()
    assert clocks.phases_ms() == {T: 7 + 7 + 5, OTHER: 13 + 13 + 5}


def test_bytes_leave_in_the_middle_of_the_call_that_hands_them_over(clocks: Clocks) -> None:
    clocks.marks.begin(T)
    clocks.pass_ms(0.04)
    clocks.marks.handed_over()
    clocks.pass_ms(0.96)
    clocks.marks.arrived(NOON + MS)
    clocks.marks.answered()
    clocks.marks.sending()
    clocks.pass_ms(0.02)
    clocks.marks.sent_some()
    clocks.pass_ms(4)
    clocks.receive(5)
    assert clocks.phases_ms() == {T: 0.98, S: 0.01, P: 3.99, X: 0, OTHER: 0.02}
    assert clocks.marks.uncertain_ns == 0


def test_a_long_call_leaves_its_half_uncertain(clocks: Clocks) -> None:
    clocks.marks.sending()
    clocks.pass_ms(6)
    clocks.marks.sent_some()
    clocks.pass_ms(4)
    clocks.receive(10)
    assert (clocks.phases_ms(), clocks.marks.uncertain_ns) == ({S: 3, P: 7, X: 0, OTHER: 0}, 3 * MS)


def test_what_waited_for_the_kernel_to_take_it_left_when_it_had(clocks: Clocks) -> None:
    clocks.send()
    clocks.pass_ms(6)
    clocks.marks.sent_some()
    clocks.pass_ms(4)
    clocks.receive(10)
    assert (clocks.phases_ms(), clocks.marks.uncertain_ns) == ({S: 6, P: 4, X: 0, OTHER: 0}, 0)


def test_an_answer_began_when_its_first_record_began_to_arrive(clocks: Clocks) -> None:
    clocks.send()
    clocks.pass_ms(20)
    clocks.arrive(20)
    clocks.marks.begun()
    clocks.pass_ms(5)
    clocks.arrive(25)
    clocks.pass_ms(5)
    clocks.receive(30, 16_000)
    assert clocks.phases_ms() == {S: 0, P: 20, X: 10, OTHER: 0}
    assert (clocks.marks.clock, clocks.marks.received_bytes) == (Clock.KERNEL, 16_000)


def test_what_had_begun_and_was_no_answer_does_not_begin_it(clocks: Clocks) -> None:
    clocks.marks.ask_kernel = lambda: info(segments_in=0)
    clocks.send()
    clocks.marks.ask_kernel = lambda: info(segments_in=2)
    clocks.pass_ms(320)
    clocks.arrive(20)
    clocks.marks.begun()
    assert clocks.marks.uncertain_ns == 17 * MS
    clocks.marks.ask_kernel = lambda: info(segments_in=1)
    clocks.marks.void()
    clocks.receive(320)
    assert clocks.phases_ms() == {S: 0, P: 320, X: 0, OTHER: 0}
    assert clocks.marks.uncertain_ns == 0


def test_a_record_that_fills_the_window_before_it_is_whole_holds_the_peer_up(clocks: Clocks) -> None:
    clocks.marks.ask_kernel = info
    clocks.send()
    clocks.pass_ms(320)
    clocks.arrive(20, 10_000)
    clocks.marks.begun()
    clocks.pass_ms(5)
    clocks.receive(325, 16_000)
    assert clocks.marks.held_up_ns == 300 * MS


def test_a_clock_that_was_set_makes_nobody_late(clocks: Clocks) -> None:
    clocks.marks.ask_kernel = info
    clocks.send()
    clocks.pass_ms(20)
    clocks.wall += 3600_000 * MS
    clocks.receive(20, 16_000)
    assert (clocks.marks.held_up_ns, clocks.marks.clock) == (0, Clock.USER)


def test_an_answer_to_half_a_request_ends_sending(clocks: Clocks) -> None:
    clocks.send()
    clocks.pass_ms(10)
    clocks.marks.sent_some()
    clocks.receive(4)
    clocks.marks.sent_some()
    assert clocks.phases_ms() == {S: 4, P: 0, X: 0, OTHER: 0}


def test_a_stamp_within_the_clocks_own_error_keeps_its_place(clocks: Clocks) -> None:
    clocks.pass_ms(1)
    clocks.send()
    clocks.pass_ms(1)
    clocks.receive(0.9)
    assert (clocks.phases_ms(), clocks.marks.clock) == ({S: 0, P: 0, X: 0, OTHER: 1}, Clock.KERNEL)


@pytest.mark.parametrize(
    ("segments", "late_ms", "uncertain_ms"),
    [(1, 300, 0), (2, 0.1, 0.2), (10, 0.1, 0.2), (11, 0.1, 20 - 3), (2, 300, 20 - 3)],
    ids=["one segment", "python was there", "one flight", "they trickled in", "several waited"],
)
def test_where_an_answer_of_several_segments_began_is_uncertain_when_python_was_late(
    clocks: Clocks, segments: int, late_ms: float, uncertain_ms: float
) -> None:
    clocks.marks.ask_kernel = lambda: info(segments_in=5)
    clocks.send()
    clocks.marks.ask_kernel = lambda: info(segments_in=5 + segments)
    clocks.pass_ms(20 + late_ms)
    clocks.receive(20)
    assert (clocks.marks.uncertain_ns / MS, clocks.marks.held_up_ns) == (uncertain_ms, 0)


def test_segments_that_were_no_answer_are_not_counted(clocks: Clocks) -> None:
    clocks.marks.ask_kernel = lambda: info(segments_in=0)
    clocks.send()
    clocks.marks.ask_kernel = lambda: info(segments_in=2)
    clocks.marks.quiet()
    clocks.marks.ask_kernel = lambda: info(segments_in=3)
    clocks.pass_ms(320)
    clocks.receive(20)
    assert clocks.marks.uncertain_ns == 0


def test_what_was_unread_before_the_request_makes_its_answer_uncertain(clocks: Clocks) -> None:
    clocks.marks.ask_kernel = lambda: info(segments_in=1, unread=200)
    clocks.send()
    clocks.marks.ask_kernel = lambda: info(segments_in=2)
    clocks.pass_ms(320)
    clocks.receive(20)
    assert clocks.marks.uncertain_ns == 17 * MS


@pytest.mark.parametrize(("count", "held_up_ms"), [(4900, 0), (5000, 300)])
def test_a_reader_that_is_late_holds_the_peer_up_when_the_window_may_have_filled(
    clocks: Clocks, count: int, held_up_ms: int
) -> None:
    clocks.marks.ask_kernel = info
    clocks.send()
    clocks.pass_ms(320)
    clocks.receive(20, count)
    clocks.receive(21, count)
    clocks.receive(320, 100)
    clocks.receive(320, 9900)
    assert clocks.marks.held_up_ns / MS == held_up_ms


def test_what_the_kernel_knows_is_asked_at_the_end(clocks: Clocks) -> None:
    clocks.marks.ask_kernel = lambda: info(retransmits=3)
    clocks.marks.finish(complete=True)
    clocks.marks.ask_kernel = lambda: info(retransmits=4)
    assert (clocks.marks.rtt_ns, clocks.marks.min_rtt_ns, clocks.marks.retransmits) == (4 * MS, 3 * MS, 3)


def test_an_exchange_on_a_kept_connection_counts_its_own_retransmits(clocks: Clocks) -> None:
    clocks.marks.reused = True
    clocks.marks.ask_kernel = lambda: info(retransmits=3)
    clocks.send()
    clocks.marks.ask_kernel = lambda: info(retransmits=5)
    clocks.marks.finish(complete=True)
    assert clocks.marks.retransmits == 2


def test_without_a_kernel_that_tells_there_is_nothing_to_tell(clocks: Clocks) -> None:
    clocks.send()
    clocks.marks.quiet()
    clocks.marks.finish(complete=False)
    assert (clocks.marks.rtt_ns, clocks.marks.min_rtt_ns, clocks.marks.retransmits) == (None, None, None)


lapses = st.integers(0, 10 * MS)
happening = st.tuples(
    st.sampled_from(["begin connect", "connected", "begin tls", "answered", "sending", "sent_some", "quiet"])
    | st.none()
    | st.integers(-5 * MS, 15 * MS),
    lapses,
    st.sampled_from([0] * 9 + [-3 * MS, 3 * MS]),
)


@settings(deadline=None)
@given(st.lists(happening), st.booleans())
def test_stamped_phases_add_up_and_none_is_negative_whatever_the_stamps_and_clocks_say(
    events: list[tuple[str | int | None, int, int]], complete: bool
) -> None:
    clocks = Clocks()
    marks, attempted = clocks.marks, 0
    for event, lapse, step in events:
        clocks.now += lapse
        clocks.wall += lapse + step
        name, _, phase = event.partition(" ") if isinstance(event, str) else ("received", "", "")
        if name == "received":
            marks.arrived(None if event is None else clocks.wall - int(event))
            marks.received(1)
        elif name == "begin":
            if not marks.sent:
                marks.begin(Phase(phase))
                attempted = marks.now()
        elif name == "connected":
            marks.connected(attempted, info())
        elif name == "sending":
            marks.end()
            marks.sending()
        elif name != "sent_some" or marks.sent:
            getattr(marks, name)()
    marks.end()
    marks.finish(complete=complete)
    assert sum(marks.phases().values()) == marks.duration_ns
    assert min(marks.phases().values()) >= 0


def test_when_the_peer_speaks_first_there_is_no_send_and_the_wait_begins_with_the_connection(clocks: Clocks) -> None:
    clocks.marks.begin(C)
    clocks.pass_ms(20)
    clocks.marks.end()
    clocks.pass_ms(3)
    clocks.marks.listening()
    assert (clocks.marks.sent, clocks.marks.waiting_in) == (False, P)
    clocks.pass_ms(60)
    clocks.receive(73)
    assert clocks.phases_ms() == {C: 20, P: 53, X: 0, OTHER: 0}


@pytest.mark.parametrize("sends", [False, True])
def test_without_an_answer_to_wait_for_it_ends_with_what_was_done(clocks: Clocks, sends: bool) -> None:
    clocks.marks.begin(C)
    clocks.pass_ms(20)
    clocks.marks.end()
    clocks.pass_ms(3)
    if sends:
        clocks.send()
    clocks.pass_ms(50)
    clocks.marks.finish(complete=True, awaited=False)
    phases = {phase: ns / MS for phase, ns in clocks.marks.phases().items()}
    assert phases == ({C: 20, S: 0, OTHER: 3} if sends else {C: 20, OTHER: 0})


def test_what_was_cut_short_waited_however_little_was_awaited() -> None:
    marks = Marks(ticking())
    marks.begin(C)
    marks.finish(complete=False, awaited=False)
    assert (list(marks.phases()), marks.ended_in) == ([C, OTHER], C)


def test_of_a_connection_that_is_used_again_only_what_it_carries_since_counts() -> None:
    told = iter([Traffic(100, 150, 1000), Traffic(140, 200, 5000)])
    again = Marks(ticking())
    again.reused = True
    again.count(told.__next__)
    again.finish(complete=False)
    assert again.traffic == Traffic(40, 50, 4000)
    first = Marks(ticking())
    first.count(lambda: Traffic(100))
    first.finish(complete=False)
    assert first.traffic == Traffic(100)
    never = Marks(ticking())
    never.finish(complete=False)
    assert never.traffic == Traffic()
