"""Errors become tables of Markdown, in microseconds."""

import statistics
from collections.abc import Iterable, Sequence

from bench.accuracy.condition import Error

FEWEST = 20
"""Of fewer exchanges nothing is said."""


def spread(errors: Sequence[int]) -> str:
    """The median of the error with its sign; the 95th and 99th percentile of its amount."""
    if len(errors) < FEWEST:
        return "–"
    return f"{_us(statistics.median(errors))} / {_us(amount(errors, 95))} / {_us(amount(errors, 99))}"


def amount(errors: Sequence[int], percentile: int) -> int:
    amounts = sorted(map(abs, errors))
    return amounts[min(len(amounts) - 1, len(amounts) * percentile // 100)]


def of(errors: Iterable[Error], figure: str) -> list[int]:
    return [each.errors[figure] for each in errors if figure in each.errors]


def certain(errors: Iterable[Error]) -> list[Error]:
    return [each for each in errors if not each.doubts]


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    marks = ["---" if at == 0 else "---:" for at in range(len(head))]
    return ["| " + " | ".join(row) + " |" for row in (head, marks, *rows)] + [""]


def _us(nanoseconds: float) -> str:
    return f"{nanoseconds / 1000:,.0f}"
