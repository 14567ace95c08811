"""Numbers and instants for a reader."""

from datetime import datetime, timedelta

from probe.agent.page.markup import Html, element

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def ago(at: datetime, now: datetime) -> Html:
    """`5 min ago`; `in 42 s` for what is still to come."""
    span = span_text(abs(now - at))
    words = "now" if span == "0 s" else f"in {span}" if at > now else f"{span} ago"
    return element("time", words, datetime=f"{at:%Y-%m-%dT%H:%M:%SZ}", title=f"{at:%Y-%m-%d %H:%M:%S} UTC")


def span_text(span: timedelta) -> str:
    """In the largest unit it fills, rounded down."""
    seconds = int(span.total_seconds())
    size, unit = next(((size, unit) for unit, size in _UNITS if seconds >= size), (1, "s"))
    return f"{seconds // size} {unit}"


def counted(count: int, what: str, many: str = "") -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {many or f'{what}s'}"
