import gc
import time

from probe.agent.pauses import REMEMBERED_NS, Pauses

MS = 1_000_000


def test_a_collection_counts_with_what_it_took() -> None:
    pauses, since = Pauses(), time.monotonic_ns()
    rubbish = [[] for _ in range(200_000)]  # type: ignore[var-annotated]
    for each in rubbish:
        each.append(each)
    del each, rubbish
    with pauses.watched():
        gc.collect()
    took = pauses.total_ns
    assert 0 < took <= time.monotonic_ns() - since
    assert MS <= pauses.worst_since(since) <= took
    gc.collect()
    assert pauses.total_ns == took  # nobody looks any more


def test_the_worst_is_that_of_the_time_asked_for() -> None:
    pauses = Pauses()
    for ended, took in ((100, 80), (200, 20), (300, 40)):
        pauses.note(ended * MS, took * MS)
    assert [pauses.worst_since(since * MS) for since in (0, 101, 250, 301)] == [80 * MS, 40 * MS, 40 * MS, 0]
    assert pauses.total_ns == 140 * MS


def test_a_short_one_counts_and_is_no_worst() -> None:
    pauses = Pauses()
    pauses.note(100, MS - 1)
    assert (pauses.total_ns, pauses.worst_since(0)) == (MS - 1, 0)


def test_it_does_not_remember_for_ever() -> None:
    pauses = Pauses()
    pauses.note(10 * MS, 10 * MS)
    pauses.note(REMEMBERED_NS + 20 * MS, 2 * MS)
    assert pauses.worst_since(0) == 2 * MS
