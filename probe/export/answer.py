"""What an HTTP answer other than success means for a batch: refused for good, not now, or not before a person acts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from probe.model.batch import Outcome, Result
from probe.model.duration import NANOSECONDS

LONGEST_REST_NS = NANOSECONDS["h"]
"""A longer Retry-After is taken for this: nobody means to silence an agent for good."""

_REFUSED = (400, 413, 422)
_LATER = (408, 425, 429)


def outcome_of(status: int, headers: Mapping[str, str], body: str, now: datetime) -> Outcome:
    """`now` is the own clock, for answers that do not say what time it is there."""
    said = f"{_phrase(status)}: {body.strip()}" if body.strip() else _phrase(status)
    if status in _REFUSED:
        return Outcome(Result.REJECTED, said)
    if status in _LATER or status >= 500:
        return Outcome(Result.RETRY, said, rest_ns(headers, now))
    if 300 <= status < 400:
        return Outcome(Result.PAUSED, f"it redirects to {headers.get('Location', 'nowhere')}: is that its address?")
    return Outcome(Result.PAUSED, said)


def rest_ns(headers: Mapping[str, str], now: datetime) -> int | None:
    """How long the other side asks to be left alone (Retry-After, RFC 9110 §10.2.3), in nanoseconds."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        rest = int(asked[:10]) * NANOSECONDS["s"]
    elif (until := _date(asked)) is not None:
        rest = int((until - (_date(headers.get("Date", "")) or now)).total_seconds()) * NANOSECONDS["s"]
    else:
        return None
    return min(max(rest, 0), LONGEST_REST_NS) or None


def _date(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
