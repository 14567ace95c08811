"""Durations: integer nanoseconds inside, `<number>(ms|s|m|h|d)…` in files, rounded for people."""

import re
from decimal import Decimal

NANOSECONDS = {"ms": 1_000_000, "s": 1_000_000_000, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
LONGEST = 366 * NANOSECONDS["d"]

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")


class Duration(int):
    """Nanoseconds that read as a duration when they end up in a text."""

    def __str__(self) -> str:
        return f"{Decimal(int(self)).scaleb(-6).normalize():f}ms"


def parse_duration(text: str) -> Duration:
    """Nanoseconds of a text such as `1m30s`; ValueError says what to write instead."""
    if len(text) > 100 or not _WHOLE.fullmatch(text):
        raise ValueError("a number and a unit, such as 500ms, 2s, 1m30s, 12h or 7d")
    parts = _PART.findall(text)
    total = int(sum(Decimal(number) * NANOSECONDS[unit] for number, unit in parts))
    if total > LONGEST:
        raise ValueError("at most 366d")
    return Duration(total)


def format_duration(nanoseconds: int) -> str:
    """Three significant digits for a person: `812 µs`, `12.3 ms`, `2.04 s`, `3 m 20 s`."""
    seconds = round(nanoseconds / NANOSECONDS["s"])
    if seconds >= 100:
        return f"{seconds // 60} m {seconds % 60:02d} s"
    value, unit = next(
        (nanoseconds / size, unit)
        for unit, size in (("µs", 10**3), ("ms", 10**6), ("s", 10**9))
        if nanoseconds < 999.5 * size or unit == "s"
    )
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{decimals}f} {unit}"
