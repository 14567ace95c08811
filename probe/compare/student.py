"""Student's t distribution for whole degrees of freedom, in closed form: Abramowitz & Stegun 26.7.3 and 26.7.4."""

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt, tan


def two_sided(t: float, freedom: int) -> float:
    """The probability of a value at least as far from 0 as `t`."""
    return max(0.0, 1 - _within(atan(abs(t) / sqrt(freedom)), freedom))


@lru_cache
def quantile(inside: float, freedom: int) -> float:
    """The t for which that share of the distribution lies between -t and t."""
    low, high = 0.0, pi / 2
    for _ in range(60):  # halving the angle 60 times leaves nothing a double could tell apart
        angle = (low + high) / 2
        low, high = (angle, high) if _within(angle, freedom) < inside else (low, angle)
    return tan(low) * sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """The share between -t and t, where t is `tan(angle)` × √freedom."""
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for factor in range(2 + odd, freedom - 1, 2):
        term *= cos(angle) ** 2 * (factor - 1) / factor
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
