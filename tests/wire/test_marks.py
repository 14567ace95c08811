from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.timing import Phase
from probe.wire.marks import Marks, address_of

R, C, T, S, P, X, OTHER = Phase  # in the order in which an exchange goes through them
CONNECTING = ("begin resolve", "end", "begin connect", "end", "begin tls", "end")


def ticking() -> Callable[[], int]:
    """A clock that goes on by 1, 10, 100, … every time it is asked: each distance can be told from any sum."""
    return (sum(10**each for each in range(tick)) for tick in count()).__next__


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
    assert marks.phases() == {R: 10, C: 10**3, T: 10**5, S: 10**7, P: 10**8, X: 10**9, OTHER: between}
    assert (marks.duration_ns, marks.received_bytes) == (sum(marks.phases().values()), 2)


def test_what_comes_after_a_phase_that_ended_earlier_than_was_heard_of_is_ours() -> None:
    marks = Marks(ticking())
    marks.begin(R)
    marks.end(marks.started_ns + 5)
    marks.finish(complete=False)
    assert marks.phases() == {R: 4, OTHER: 1 + 6}


def test_a_phase_that_was_not_reached_is_absent() -> None:
    assert told("begin connect").phases() == {C: 10, OTHER: 1}


def test_nothing_at_all_is_all_ours() -> None:
    marks = told()
    assert (marks.phases(), marks.sent) == ({OTHER: 1}, False)


def test_the_second_address_of_a_name_adds_to_the_time_of_the_first() -> None:
    assert told("begin connect", "begin connect", "end").phases() == {C: 10 + 100, OTHER: 1 + 10**3}


def test_a_complete_exchange_ends_with_its_last_byte() -> None:
    assert told("sending", "sent_some", "received", complete=True).phases() == {S: 10, P: 100, X: 0, OTHER: 1}


def test_an_exchange_that_was_cut_ends_now() -> None:
    assert told("sending", "sent_some", "received").phases() == {S: 10, P: 100, X: 10**3, OTHER: 1}


def test_what_is_sent_after_the_answer_began_does_not_count() -> None:
    marks = told("sending", "sent_some", "received", "sent_some", complete=True)
    assert marks.phases() == {S: 10, P: 100, X: 0, OTHER: 1}


def test_what_comes_before_the_request_is_no_answer_to_it() -> None:
    marks = told("received", "sending", "sent_some", complete=True)
    assert (marks.phases(), marks.received_bytes) == ({S: 10, P: 100, OTHER: 1}, 0)


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
