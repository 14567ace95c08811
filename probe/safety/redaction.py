"""Secrets are taken out of a Run before it leaves the runner, in the forms a value takes on its way.

The forms: as it is, Base64 (plain and URL-safe, at any offset in a longer text), percent-encoded (also with + for a
blank), escaped for JSON and for HTML. Values shorter than six characters are not looked for:
they would tear up every text.
"""

import base64
import html
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from msgspec import Struct
from msgspec.structs import replace

SHORTEST = 6

T = TypeVar("T")


class Redactor:
    """Replaces secrets by their names. Secrets can be added while a run goes on: a captured token is one."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._forms: dict[str, str] = {}
        for name, value in secrets.items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        self._forms |= dict.fromkeys(forms_of(value), f"[{name}]")
        self._forms = dict(sorted(self._forms.items(), key=lambda item: -len(item[0])))

    def text(self, text: str) -> str:
        for form, shown in self._forms.items():
            if form in text:
                text = text.replace(form, shown)
        return text

    def record(self, record: T) -> T:
        """A copy of a struct, list, mapping or text without secrets; enumerations and numbers stay."""
        return self._walk(record) if self._forms else record

    def _walk(self, part: Any) -> Any:
        if type(part) is str:
            return self.text(part)
        if isinstance(part, Struct):
            old = {name: getattr(part, name) for name in part.__struct_fields__}
            new = {name: self._walk(value) for name, value in old.items()}
            changed = {name: value for name, value in new.items() if value is not old[name]}
            return replace(part, **changed) if changed else part
        if isinstance(part, dict):
            return {self._walk(key): self._walk(value) for key, value in part.items()}
        if isinstance(part, list | tuple):
            return type(part)([self._walk(item) for item in part])
        return self._number(part)

    def _number(self, part: Any) -> Any:
        """A secret of digits may have become a number on the way."""
        if isinstance(part, int) and not isinstance(part, bool) and len(str(part)) >= SHORTEST:
            return self._forms.get(str(part), part)
        return part


@lru_cache(maxsize=256)
def forms_of(value: str) -> tuple[str, ...]:
    """All forms of a secret that are looked for; none when it is too short to be."""
    if len(value) < SHORTEST:
        return ()
    raw = value.encode()
    forms = {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        html.escape(value),
        html.escape(value, quote=False),
    }
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {quote(value, safe="").lower()} | set(_base64_forms(raw))
    return tuple(sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True))


def _base64_forms(raw: bytes) -> Iterable[str]:
    """The characters that are the same wherever in a longer text the value stands."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = len(encoded) - (1 if (offset + len(raw)) % 3 else 0)
        stable = encoded[start:end]
        yield stable
        yield stable.replace("+", "-").replace("/", "_")
