import time

from probe.agent.vitals import Vitals


def test_what_the_process_spends_is_added_up() -> None:
    vitals = Vitals()
    before = vitals.spent()
    until = time.process_time_ns() + 20_000_000
    while time.process_time_ns() < until:
        pass
    vitals.pauses.note(1, 7)
    after = vitals.spent()
    assert after.cpu_ns - before.cpu_ns >= 20_000_000
    assert after.gc_ns - before.gc_ns == 7
    assert (after.throttled_ns is None) is (before.throttled_ns is None)
