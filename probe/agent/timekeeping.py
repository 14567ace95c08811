"""How the kernel keeps the wall clock (adjtimex(2), Linux)."""

import ctypes
import functools
import sys
from collections.abc import Callable

from probe.model.result import Timekeeping

_STA_UNSYNC = 0x40
_STA_NANO = 0x2000
"""The offset is in nanoseconds; else in microseconds, as the error always is."""


class _Timex(ctypes.Structure):
    """<linux/timex.h>, of 64-bit machines, as far as it is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def read_timekeeping() -> Timekeeping | None:
    """None where the kernel does not say: other platforms, sandboxes."""
    ask = _adjtimex()
    told = _Timex()  # modes 0: changes nothing
    if ask is None or ask(ctypes.byref(told)) < 0:
        return None
    return _kept(told)


def _kept(told: _Timex) -> Timekeeping:
    offset_ns = told.offset if told.status & _STA_NANO else told.offset * 1000
    return Timekeeping(not told.status & _STA_UNSYNC, offset_ns, told.maxerror * 1000)


@functools.cache
def _adjtimex() -> Callable[[object], int] | None:
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_long) != 8:
        return None
    try:
        ask: Callable[[object], int] = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    return ask
