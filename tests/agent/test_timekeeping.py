import sys

import pytest

from probe.agent.timekeeping import _kept, _Timex, read_timekeeping
from probe.model.result import Timekeeping


@pytest.mark.skipif(sys.platform != "linux", reason="adjtimex(2) is Linux'")
def test_the_kernel_says_how_it_keeps_the_clock() -> None:
    kept = read_timekeeping()
    if kept is None:
        pytest.skip("the kernel does not say here")
    assert kept.error_ns > 0
    assert abs(kept.offset_ns) < 10**9


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        (0x2001, Timekeeping(True, -25, 1_500_000)),
        (0x0001, Timekeeping(True, -25_000, 1_500_000)),
        (0x2041, Timekeeping(False, -25, 1_500_000)),
        (0x2003, Timekeeping(True, -25, 1_500_000)),
    ],
    ids=["nanoseconds", "microseconds", "unsynchronised", "waiting for pulses"],
)
def test_its_words_are_bits_and_two_units(status: int, kept: Timekeeping) -> None:
    assert _kept(_Timex(status=status, offset=-25, maxerror=1500)) == kept
