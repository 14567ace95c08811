from datetime import UTC

import pytest

from probe.model.result import Trigger
from probe.model.timing import Clock
from probe.settings import Clocks, Settings


def test_unless_told_nothing_is_written_beyond_this_machine() -> None:
    settings = Settings(trigger=Trigger.MANUAL, region="r", agent="a", environ={})
    assert (settings.writes_allowed, settings.stop_before_writes, settings.timeout_ns) == (False, False, None)


def test_one_clock_measures_and_the_other_dates() -> None:
    clocks = Clocks()
    assert clocks.monotonic_ns() <= clocks.monotonic_ns()
    assert clocks.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("environ", "clock"),
    [({}, Clock.KERNEL), ({"PROBE_CLOCK": "kernel"}, Clock.KERNEL), ({"PROBE_CLOCK": "user"}, Clock.USER)],
)
def test_the_wire_has_the_kernels_clock_unless_the_environment_wants_pythons(
    environ: dict[str, str], clock: Clock
) -> None:
    assert Settings(trigger=Trigger.MANUAL, region="r", agent="a", environ=environ).instants is clock
