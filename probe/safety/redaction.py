"""Secrets are taken out of a Run before it leaves the runner, in the forms a value takes on its way.

The forms: as it is; percent-encoded (with + for a blank), escaped for JSON or for HTML, each character or only some;
Base64, plain and URL-safe, at any offset in a longer text; all of them in upper or lower case too; and what filters of
a template make of it. Values shorter than six characters are not looked for: they would tear up every text.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from probe.safety.texts import map_texts

SHORTEST = 6
LONGEST_FORM = 12
"""For each byte of a secret there are at most so many in a form of it, escapes of escapes included."""
LONGEST_TEXT = 2000
"""Characters of a text that a record keeps. Cut here, after redaction: a secret cut in two would not be found."""

_LONG = 1000
"""Characters of a text that is worth a second pattern."""
_LONGEST_QUICK = 256
"""Characters of a secret whose pattern RE2 makes a small automaton of; large ones take it longer than Python's re."""

_BLANKS = {" ": {"+"}, "+": {" "}}
"""In a form a blank is sent as +, and a + that nobody encoded arrives as a blank."""

T = TypeVar("T")


class Redactor:
    """Replaces secrets by their names. Secrets can be added while a run goes on: a captured token is one."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets: list[tuple[str, re.Pattern[str], str]] = []
        for name, value in secrets.items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        pattern, shown = pattern_of(value), f"[{name}]"
        if pattern is not None and (value, pattern, shown) not in self._secrets:
            self._secrets.append((value, pattern, shown))
            self._secrets.sort(key=lambda secret: -len(secret[0]))

    def text(self, text: str) -> str:
        for value, pattern, shown in self._secrets:
            if len(text) > _LONG and not _may_hold(text, value):
                continue
            text = pattern.sub(lambda _, shown=shown: shown, text)  # type: ignore[misc]
        return text

    def record(self, record: T) -> T:
        """A struct, list, mapping or text without secrets, long texts cut; enumerations and numbers stay."""
        texts: list[str] = []

        def note(text: str) -> str:
            texts.append(text)
            return text

        if map_texts(record, note, self._number) is record and self._keeps(texts):
            return record
        return map_texts(record, self._kept, self._number)

    def _keeps(self, texts: list[str]) -> bool:
        """Whether all of them stay as they are. Looked at together: few records have a secret in them."""
        together = "\n".join(texts)
        return (
            max(map(len, texts), default=0) <= LONGEST_TEXT
            and _encodable(together) == together
            and not any(_may_hold(together, value) for value, _, _ in self._secrets)
        )

    def _kept(self, text: str) -> str:
        new = _cut(_encodable(self.text(text)))
        return text if new == text else new

    def _number(self, number: int) -> int | str:
        """A secret of digits may have become a number on the way."""
        return next((shown for value, _, shown in self._secrets if value == str(number)), number)


def _encodable(text: str) -> str:
    """Without lone surrogates, which an environment variable or a file's name can have and no record can hold."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _cut(text: str) -> str:
    return f"{text[: LONGEST_TEXT - 1]}…" if len(text) > LONGEST_TEXT else text


@lru_cache(maxsize=256)
def pattern_of(value: str) -> re.Pattern[str] | None:
    """What finds a secret in any of its forms; None when it is too short to be looked for."""
    if len(value) < SHORTEST:
        return None
    encoded = {form for form in _base64_forms(value.encode(errors="surrogatepass")) if len(form) >= SHORTEST}
    forms = ["".join(map(_character, value)), *map(re.escape, sorted(encoded, key=len, reverse=True))]
    return re.compile("|".join(forms), re.IGNORECASE)


def _may_hold(text: str, secret: str) -> bool:
    """Whether to look for the secret: RE2 says no in a tenth of the time, if no letters beyond ASCII are in it."""
    if len(secret) > _LONGEST_QUICK or not secret.isascii():
        return True
    try:
        return _quick_pattern(secret).search(text) is not None
    except UnicodeEncodeError:
        return True


@lru_cache(maxsize=256)
def _quick_pattern(value: str) -> Any:
    import re2

    pattern, options = pattern_of(value), re2.Options()
    assert pattern is not None
    options.case_sensitive = options.log_errors = False
    return re2.compile(pattern.pattern, options)


def _character(character: str) -> str:
    """The character as it is or in any of its escapes: which ones are escaped depends on who does it."""
    percent = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogatepass"))
    forms = {character, percent, html.escape(character), *_BLANKS.get(character, ())}
    escaped = {json.dumps(character)[1:-1], json.dumps(character, ensure_ascii=False)[1:-1]} - {character}
    # JSON within JSON escapes the backslashes again
    patterns = [
        *(rf"\\+{re.escape(form[1:])}" for form in escaped),
        *map(re.escape, sorted(forms, key=len, reverse=True)),
    ]
    return f"(?:{'|'.join(patterns)})"


def _base64_forms(raw: bytes) -> Iterable[str]:
    """The characters that are the same wherever in a longer text the value stands."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = len(encoded) - (1 if (offset + len(raw)) % 3 else 0)
        stable = encoded[start:end]
        yield stable
        yield stable.replace("+", "-").replace("/", "_")
