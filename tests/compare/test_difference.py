from probe.compare.difference import matters, measure
from probe.compare.pairs import Pair, pair_up
from probe.compare.result import Contribution, Difference, Onset
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, SINCE, step

AT = {(MINUTE, slot): SINCE + slot * MINUTE for slot in range(200)}


def pairs(*parts: tuple[int, float]) -> list[Pair]:
    """So many slots with so many milliseconds of tls more than the others' 100 ms."""
    extra = [ms for count, ms in parts for _ in range(count)]
    own = {slot: step(tls=100 + ms) for slot, ms in zip(AT, extra, strict=False)}
    return pair_up(own, [dict.fromkeys(own, step(tls=100))])


def test_a_difference_is_measured_whole() -> None:
    assert measure(pairs((60, 40)), AT) == Difference(
        pairs=60,
        shift_ns=40 * MS,
        low_ns=40 * MS,
        high_ns=40 * MS,
        share=0.4,
        p_value=0.0,
        significant=False,
        trimmed_ns=40 * MS,
        contributions=(Contribution(Phase.TLS, 40 * MS), Contribution(Phase.OTHER, 0.0)),
    )


def test_after_a_change_it_is_that_of_the_slots_since() -> None:
    found = measure(pairs((40, 0), (50, 200)), AT)
    assert (found.pairs, found.shift_ns, found.early, found.onset) == (
        50,
        200 * MS,
        True,
        Onset(SINCE + 39 * MINUTE, SINCE + 40 * MINUTE, 0.0, Contribution(Phase.TLS, 200 * MS)),
    )


def test_what_grew_is_told_apart_from_what_was_there() -> None:
    own = {slot: step(connect=250, tls=100 + 90 * (slot[1] >= 40)) for slot in list(AT)[:80]}
    onset = measure(pair_up(own, [dict.fromkeys(own, step(tls=100))]), AT).onset
    assert onset == Onset(SINCE + 39 * MINUTE, SINCE + 40 * MINUTE, 250 * MS, Contribution(Phase.TLS, 90 * MS))


def test_a_difference_that_became_smaller_did_not_begin_then() -> None:
    found = measure(pairs((40, 400), (60, 200)), AT)
    assert (found.pairs, found.shift_ns, found.onset) == (60, 200 * MS, None)


def test_a_region_that_recovered_is_not_slower_any_more() -> None:
    found = measure(pairs((40, 400), (60, 0)), AT)
    assert (found.shift_ns, found.onset, matters(found)) == (0, None, False)


def test_it_matters_from_20_ms_and_10_percent_on_when_the_interval_leaves_0_out() -> None:
    def difference(shift: float, low: float, share: float) -> Difference:
        return Difference(60, shift * MS, low * MS, 2 * shift * MS, share, 0.0, False, shift * MS, ())

    assert matters(difference(20, 1, 0.1))
    assert not matters(difference(19.9, 1, 0.1))
    assert not matters(difference(20, 1, 0.099))
    assert not matters(difference(20, 0, 0.1))
    assert matters(Difference(60, -20 * MS, -21 * MS, -19 * MS, -0.1, 0.0, False, -20 * MS, ()))
