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
from datetime import datetime
from enum import Enum
from functools import cache, lru_cache
from itertools import chain
from operator import is_
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

SHORTEST = 6
LONGEST_TEXT = 2000
"""Characters of a text that a record keeps. Cut here, after redaction: a secret cut in two would not be found."""

_LONG = 1000
"""Characters of a text that is worth a second pattern."""

_CLOSED = (bool, int, float, Enum, datetime, NoneType)
"""Types of which no value is a text."""

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
        pattern = pattern_of(value)
        if pattern is not None:
            self._secrets.append((value, pattern, f"[{name}]"))
            self._secrets.sort(key=lambda secret: -len(secret[0]))

    def text(self, text: str) -> str:
        for value, pattern, shown in self._secrets:
            if len(text) > _LONG and not _may_hold(text, value):
                continue
            text = pattern.sub(lambda _, shown=shown: shown, text)  # type: ignore[misc]
        return text

    def record(self, record: T) -> T:
        """A struct, list, mapping or text without secrets, long texts cut; enumerations and numbers stay."""
        return _Cleaning(self).of(record, anything=True)  # type: ignore[no-any-return]

    def number(self, number: int) -> int | str:
        """A secret of digits may have become a number on the way."""
        return next((shown for value, _, shown in self._secrets if value == str(number)), number)


class _Cleaning:
    """One record on its way out. A text without secrets that stands in it often is looked at once."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._clean: set[str] = set()

    def of(self, part: Any, *, anything: bool) -> Any:
        """The part itself when nothing in it changes. `anything`: whether a text may stand in place of a number."""
        if type(part) is str:
            return part if part in self._clean else self._text(part)
        if isinstance(part, Struct):
            return self._struct(part)
        if isinstance(part, dict):
            return self._mapping(part, anything=anything)
        if isinstance(part, list | tuple):
            new = [self.of(item, anything=anything) for item in part]
            return part if all(map(is_, new, part)) else type(part)(new)
        if anything and isinstance(part, int) and not isinstance(part, bool):
            return self._redactor.number(part)
        return part

    def _text(self, text: str) -> str:
        new = _cut(_encodable(self._redactor.text(text)))
        if new != text:
            return new
        self._clean.add(text)
        return text

    def _struct(self, struct: Struct) -> Struct:
        changed = {}
        for name, anything in _open_fields(type(struct)):
            old = getattr(struct, name)
            if old and (new := self.of(old, anything=anything)) is not old:
                changed[name] = new
        return replace(struct, **changed) if changed else struct

    def _mapping(self, mapping: dict[Any, Any], *, anything: bool) -> dict[Any, Any]:
        pairs = [(self.of(key, anything=True), self.of(value, anything=anything)) for key, value in mapping.items()]
        return mapping if all(map(is_, chain(*pairs), chain(*mapping.items()))) else dict(pairs)


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


@cache
def _open_fields(struct: type[Struct]) -> tuple[tuple[str, bool], ...]:
    """The fields that can hold a text, and whether it may stand in place of a number: any value may be in them."""
    hints = get_type_hints(struct)
    fields = {name: hints[name] for name in struct.__struct_fields__}
    return tuple((name, Any in (hint, *get_args(hint))) for name, hint in fields.items() if _holds_text(hint))


def _holds_text(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, _CLOSED):
        return False
    return any(map(_holds_text, get_args(hint))) if get_args(hint) else hint is not Ellipsis


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
    if not secret.isascii():
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
    options.case_sensitive = False
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
