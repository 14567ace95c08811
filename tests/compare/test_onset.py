from random import Random

import pytest

from probe.compare.onset import AFTER, BEFORE, Change, latest_change
from tests.compare.fleet import noise


def changed(random: Random, size: int, place: int, by: float, memory: float = 0.5) -> list[float]:
    return [value + by * (slot >= place) for slot, value in enumerate(noise(random, size, memory))]


def test_a_clean_change_is_placed_exactly() -> None:
    assert latest_change([0.0] * 30 + [200.0] * 30, 20) == Change(30, 30, 30, 0.0)


def test_of_several_changes_the_latest_counts() -> None:
    assert latest_change([0.0] * 30 + [100.0] * 30 + [300.0] * 30, 20) == Change(60, 60, 60, 100.0, 45)


@pytest.mark.parametrize("size", [0, 1, BEFORE + AFTER - 1])
def test_too_few_values_tell_nothing(size: int) -> None:
    assert latest_change([0.0] * (size // 2) + [200.0] * (size - size // 2), 20) is None


def test_a_change_too_recent_or_too_small_is_none() -> None:
    assert latest_change([0.0] * 50 + [200.0] * 10, 20) is None
    assert latest_change([0.0] * 30 + [19.0] * 30, 20) is None
    assert latest_change([5.0] * 60, 20) is None


def test_spikes_are_no_change() -> None:
    assert latest_change([9000.0 if slot in (35, 41, 48) else float(slot % 3) for slot in range(60)], 20) is None


@pytest.mark.parametrize("size", [60, 240])
def test_the_interval_holds_the_change_nearly_always(size: int) -> None:
    random, place = Random(3), size // 2
    found = [latest_change(changed(random, size, place, 100), 20) for _ in range(100)]
    told = [change for change in found if change is not None]
    assert len(told) >= 95
    assert sum(change.first <= place <= change.last for change in told) >= 0.88 * len(told)


@pytest.mark.parametrize(("size", "memory", "most"), [(60, 0.5, 2), (60, 0.7, 8), (240, 0.5, 2), (240, 0.7, 2)])
def test_where_nothing_changes_hardly_ever_one_is_seen(size: int, memory: float, most: int) -> None:
    """Of 400 rows: a comparison looks at dozens."""
    random = Random(4)
    assert sum(latest_change(noise(random, size, memory), 5) is not None for _ in range(400)) <= most


def test_a_change_that_hides_another_is_seen_through() -> None:
    bump = [100.0 * (60 <= slot < 120 or slot >= 180) for slot in range(240)]
    wobble = noise(Random(5), 240, 0.5, ms=10)
    change = latest_change([one + two for one, two in zip(bump, wobble, strict=True)], 20)
    assert change is not None
    assert change.first <= 180 <= change.last
