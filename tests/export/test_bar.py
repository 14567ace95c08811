import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.export.bar import slices, slowest
from probe.model.timing import Phase


@pytest.mark.parametrize(
    ("phases", "scale", "width", "expected"),
    [
        ({Phase.CONNECT: 50, Phase.PROCESSING: 50}, 100, 10, [(Phase.CONNECT, 5), (Phase.PROCESSING, 5)]),
        ({Phase.CONNECT: 50, Phase.PROCESSING: 50}, 200, 10, [(Phase.CONNECT, 2), (Phase.PROCESSING, 3)]),
        ({Phase.SEND: 1, Phase.PROCESSING: 2}, 10_000, 10, [(Phase.PROCESSING, 1)]),
        ({}, 100, 10, []),
        ({Phase.OTHER: 0}, 0, 10, []),
    ],
)
def test_each_phase_gets_its_share_of_letters(
    phases: dict[Phase, int], scale: int, width: int, expected: list[tuple[Phase, int]]
) -> None:
    assert slices(phases, scale, width) == expected


@given(st.dictionaries(st.sampled_from(Phase), st.integers(0, 10**12)), st.integers(0, 10**12))
def test_a_bar_is_never_longer_than_its_width(phases: dict[Phase, int], scale: int) -> None:
    counts = [count for _, count in slices(phases, scale, 28)]
    assert all(count >= 0 for count in counts)
    assert sum(counts) <= 28


def test_the_slowest_phase_is_named() -> None:
    assert slowest({Phase.CONNECT: 5, Phase.TLS: 7, Phase.OTHER: 1}) is Phase.TLS
