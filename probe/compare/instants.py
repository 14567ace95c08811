"""Instants in sentences: UTC, with the date only where the day is not today's."""

from datetime import UTC, date, datetime


def spell_instant(at_ns: int, now_ns: int) -> str:
    return f"{_spell(_moment(at_ns), _moment(now_ns).date())} UTC"


def spell_interval(after_ns: int, before_ns: int, now_ns: int) -> str:
    """`14:00–14:05 UTC`; one instant when both are in the same minute."""
    after, before = _moment(after_ns), _moment(before_ns)
    first = _spell(after, _moment(now_ns).date())
    last = _spell(before, after.date())
    return f"{first} UTC" if f"{after:%F %R}" == f"{before:%F %R}" else f"{first}–{last} UTC"


def _spell(moment: datetime, today: date) -> str:
    return f"{moment:%R}" if moment.date() == today else f"{moment:%F %R}"


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns // 10**9, UTC)
