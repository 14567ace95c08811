"""Rounds: every way once in each, so that a noisy machine disturbs all of them alike; medians are taken."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def interleave(ways: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What every way gave in each round."""
    found: dict[str, list[T]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    return found


def ratio(mine: Sequence[float], base: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(one / other for one, other in zip(mine, base, strict=True))


def spread(values: Sequence[float]) -> str:
    return f"{min(values):.0f}-{max(values):.0f}"
