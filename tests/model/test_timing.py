from hypothesis import given
from hypothesis import strategies as st

from probe.model.timing import Phase, add_phases

_PHASES = st.dictionaries(st.sampled_from(Phase), st.integers(0, 10**12))


@given(st.lists(_PHASES), st.integers(0, 10**14))
def test_phases_and_other_are_the_whole(parts: list[dict[Phase, int]], total: int) -> None:
    assert sum(add_phases(parts, total).values()) == total


def test_each_phase_is_the_sum_of_its_parts_and_other_is_what_is_left() -> None:
    first = {Phase.CONNECT: 5, Phase.SEND: 1, Phase.OTHER: 2}
    second = {Phase.SEND: 3, Phase.TRANSFER: 7, Phase.OTHER: 1}
    assert add_phases([first, second], 20) == {
        Phase.CONNECT: 5,
        Phase.SEND: 4,
        Phase.TRANSFER: 7,
        Phase.OTHER: 4,
    }


def test_phases_stand_in_the_order_of_the_wire_whatever_the_order_they_came_in() -> None:
    parts = [{Phase.TRANSFER: 1}, {Phase.RESOLVE: 1}, {Phase.TLS: 1}]
    assert list(add_phases(parts, 3)) == [Phase.RESOLVE, Phase.TLS, Phase.TRANSFER, Phase.OTHER]


def test_a_phase_that_was_not_reached_is_absent() -> None:
    assert add_phases([{Phase.RESOLVE: 3}], 3) == {Phase.RESOLVE: 3, Phase.OTHER: 0}
