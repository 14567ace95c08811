"""What a Set-Cookie header says (RFC 6265 §5.2, with the limits of its revision), read as leniently as browsers do."""

import math
import re
from datetime import UTC, datetime

from msgspec import Struct

LONGEST_PAIR = 4096
"""Bytes of name and value together; a cookie with more is ignored."""
LONGEST_ATTRIBUTE = 1024

_BLANK = " \t"
_ENDS_A_LINE = re.compile(r"[\0\r\n]")
_CONTROL = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")
_SECONDS = re.compile(r"-?[0-9]+")

_DELIMITERS = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_MONTH = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class SetCookie(Struct, frozen=True):
    """HttpOnly and SameSite are read over: everything here is HTTP, and no page of another site asks for anything."""

    name: str
    value: str
    domain: str = ""
    """Lower case, without a leading dot; empty when none is given."""
    path: str = ""
    """Empty when none that counts is given."""
    secure: bool = False
    expires: float = math.inf
    """Seconds since 1970; infinite for the rest of the session."""


def read_set_cookie(header: str, now: float) -> SetCookie | None:
    """The cookie, or None when the header is to be ignored. The text is as aiohttp decodes it: UTF-8, or surrogates.

    Bytes that are no UTF-8 cannot be sent back as they came, so that a cookie with such bytes is ignored.
    """
    line = _ENDS_A_LINE.split(header, 1)[0]
    pair, *attributes = line.split(";")
    name, equals, value = (part.strip(_BLANK) for part in pair.partition("="))
    if not equals or not name or _CONTROL.search(line) or not _fits(name + value):
        return None
    domain, path, secure = "", "", False
    expires, age = math.inf, math.nan
    for attribute in attributes:
        key, _, text = (part.strip(_BLANK) for part in attribute.partition("="))
        if len(text) > LONGEST_ATTRIBUTE:
            continue
        match key.lower():
            case "expires" if (date := read_date(text)) is not None:
                expires = date.timestamp()
            case "max-age" if _SECONDS.fullmatch(text):
                age = float(text)
            case "domain" if text:
                domain = text.removeprefix(".").lower()
            case "path":
                path = text if text.startswith("/") else ""
            case "secure":
                secure = True
    if not math.isnan(age):
        expires = now + age if age > 0 else -math.inf
    return SetCookie(name, value, domain, path, secure, expires)


def _fits(pair: str) -> bool:
    try:
        return len(pair) <= LONGEST_PAIR and len(pair.encode()) <= LONGEST_PAIR
    except UnicodeEncodeError:
        return False


def read_date(text: str) -> datetime | None:
    """A cookie's date (§5.1.1): time, day, month and year in any order, whatever stands between them."""
    time = day = month = year = None
    for token in _DELIMITERS.split(text):
        if time is None and (found := _TIME.match(token)):
            time = found
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and (found := _MONTH.match(token)):
            month = _MONTHS.index(found[0].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year <= 99:
        year += 1900 if year >= 70 else 2000
    try:
        hour, minute, second = map(int, time.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC) if year >= 1601 else None
    except ValueError:
        return None
