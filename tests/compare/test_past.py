from random import Random

import pytest

from probe.compare.past import has_risen, measure_rise, measure_since
from probe.compare.result import Contribution, Difference, Onset
from probe.model.timing import Phase
from tests.compare.fleet import MINUTE, MS, SINCE, noise, step

AT = {(MINUTE, slot): SINCE + slot * MINUTE for slot in range(240)}


def passes(*parts: tuple[int, float]) -> dict[tuple[int, int], object]:
    """So many slots with so many milliseconds of processing, beside 20 of tls."""
    ms = [one for count, one in parts for _ in range(count)]
    return {slot: step(tls=20, processing=one) for slot, one in zip(AT, ms, strict=False)}


def rise(*parts: tuple[int, float]) -> Difference | None:
    return measure_rise(passes(*parts), AT)  # type: ignore[arg-type]


def onset(slot: int) -> Onset:
    return Onset(SINCE + (slot - 1) * MINUTE, SINCE + slot * MINUTE)


def test_a_rise_is_told_whole() -> None:
    assert rise((60, 80), (60, 280)) == Difference(
        pairs=60,
        shift_ns=200 * MS,
        low_ns=200 * MS,
        high_ns=200 * MS,
        share=2.0,
        p_value=0.0,
        significant=False,
        trimmed_ns=200 * MS,
        contributions=(Contribution(Phase.PROCESSING, 200 * MS), *NOTHING),
        onset=onset(60),
    )


NOTHING = (Contribution(Phase.TLS, 0.0), Contribution(Phase.OTHER, 0.0))


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [(20, 100)],
        [(120, 100)],
        [(60, 400), (60, 100)],  # faster
        [(40, 100), (40, 400), (40, 100)],  # and back
        [(60, 1000), (60, 1150)],  # 15 %
        [(60, 10), (60, 25)],  # 15 ms
        [(100, 100), (9, 400)],  # too recent
    ],
)
def test_nothing_is_told_of_what_did_not_become_slower_by_much_or_is_not_so_any_more(
    parts: list[tuple[int, float]],
) -> None:
    assert rise(*parts) is None


def test_what_became_somewhat_better_since_is_told_from_where_it_began() -> None:
    found = rise((60, 100), (60, 500), (60, 300))
    assert found is not None
    assert (found.onset, found.shift_ns, found.pairs) == (onset(60), 200 * MS, 60)


def test_of_two_steps_up_the_latest_is_told() -> None:
    found = rise((60, 100), (60, 300), (60, 600))
    assert found is not None
    assert (found.onset, found.shift_ns, found.early) == (onset(120), 300 * MS, False)


def test_an_instant_that_others_name_parts_the_runs() -> None:
    early = measure_since(passes((20, 100), (8, 180)), AT, onset(20))  # type: ignore[arg-type]
    assert early is not None
    assert (early.shift_ns, early.pairs, early.early, has_risen(early)) == (80 * MS, 8, True, True)
    assert measure_since(passes((20, 100), (5, 180)), AT, onset(20)) is None  # type: ignore[arg-type]
    assert measure_since({}, AT, onset(20)) is None


def test_a_rise_matters_from_20_ms_and_20_percent_on_when_its_interval_leaves_0_out() -> None:
    def told(shift: float, share: float, low: float) -> bool:
        return has_risen(Difference(60, shift * MS, low * MS, 2 * shift * MS, share, 0.0, False, shift * MS, ()))

    assert [told(20, 0.2, 1), told(19, 0.2, 1), told(20, 0.19, 1), told(20, 0.2, 0), told(-20, -0.2, -30)] == [
        True,
        False,
        False,
        False,
        False,
    ]


def varied(random: Random, memory: float, ms: float) -> Difference | None:
    wobble = noise(random, 240, memory)
    runs = {
        slot: step(processing=max(1, 300 + one + ms * (place >= 120)))
        for place, (slot, one) in enumerate(zip(AT, wobble, strict=True))
    }
    return measure_rise(runs, AT)


@pytest.mark.parametrize("memory", [0.5, 0.7])
def test_100_ms_more_for_half_the_window_are_found_and_noise_is_not(memory: float) -> None:
    random = Random(21)
    assert sum(varied(random, memory, 100) is not None for _ in range(60)) >= 57
    assert sum(varied(random, memory, 0) is not None for _ in range(200)) <= 2
