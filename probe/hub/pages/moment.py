"""Instants for a reader: the clock time, how long ago, and exactly. All of them in UTC."""

from msgspec import Struct

from probe.model.duration import NANOSECONDS, format_duration
from probe.model.instant import datetime_of

_UNITS = (("d", NANOSECONDS["d"]), ("h", NANOSECONDS["h"]), ("min", NANOSECONDS["m"]), ("s", NANOSECONDS["s"]))


class Moment(Struct, frozen=True):
    text: str
    """`14:03:12`, with the date when it is not today's."""
    ago: str
    """`12 s`, `5 min`, `3 h`, `2 d`; `now` within the second, and for what is still to come."""
    iso: str
    exact: str
    """To the nanosecond."""


def moment(at_ns: int, now_ns: int) -> Moment:
    at, now = datetime_of(at_ns), datetime_of(now_ns)
    clock = f"{at:%H:%M:%S}"
    text = clock if at.date() == now.date() else f"{at.day} {at:%b} {clock}"
    exact = f"{at:%Y-%m-%d %H:%M:%S}.{at_ns % NANOSECONDS['s']:09d} UTC"
    return Moment(text, age(now_ns - at_ns), f"{at:%Y-%m-%dT%H:%M:%SZ}", exact)


def age(nanoseconds: int) -> str:
    """In the largest unit it fills, rounded down."""
    return next((f"{nanoseconds // size} {unit}" for unit, size in _UNITS if nanoseconds >= size), "now")


def interval(nanoseconds: int) -> str:
    """How often: in the largest unit it is a multiple of."""
    whole = (f"{nanoseconds // size} {unit}" for unit, size in _UNITS if nanoseconds % size == 0)
    return next(whole, format_duration(nanoseconds))


def clock(at_ns: float, *, with_day: bool = False) -> str:
    """For an axis and for the ends of an interval: to the minute, or the second where it is not a whole minute."""
    at = datetime_of(int(at_ns))
    time = f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
    return f"{at.day} {at:%b} {time}" if with_day else time
