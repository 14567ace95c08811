"""Regular expressions of users: RE2, because its time is linear and Python's own has no time-out."""

from functools import lru_cache
from typing import Any


class PatternError(Exception):
    """The pattern is none that RE2 understands; the text says why."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternError(_reason(error)) from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
