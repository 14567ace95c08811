"""Instants: nanoseconds since the Unix epoch inside, datetimes in UTC (to the microsecond) in records."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds_of(at: datetime) -> int:
    """Exactly: a floating-point timestamp is not."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def datetime_of(at_ns: int) -> datetime:
    """Rounded down to the microsecond."""
    return _EPOCH + timedelta(microseconds=at_ns // 1000)
