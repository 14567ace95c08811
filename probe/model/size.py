"""Sizes: integer bytes inside, `<number>(KiB|MiB|GiB)` in files, rounded for people."""

import re
from typing import NewType

Size = NewType("Size", int)
"""Bytes, written as `64MiB`."""

_WRITTEN = re.compile(r"([1-9][0-9]{0,8})(KiB|MiB|GiB)")
_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def parse_size(text: str) -> Size:
    """Bytes of a text such as `64MiB`; ValueError says what to write instead."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("such as 64MiB or 1GiB")
    return Size(int(found[1]) * _UNITS[found[2]])


def format_size(count: int) -> str:
    """Three digits for a person: `812 B`, `33.8 KiB`, `256 MiB`."""
    value, unit = float(count), "B"
    for larger in _UNITS:
        if value < 999.5:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
