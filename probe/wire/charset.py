"""In which charset a body is written."""

import codecs
import re
from functools import lru_cache

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"""<meta\s[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_PROLOGUE = 1024
"""Where HTML says its charset, if it does (WHATWG HTML §4.2.5.4)."""
_WEB = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}
"""What browsers read where the former is said: the latter has the same characters, and more (WHATWG Encoding §4.2)."""
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7"}
"""Codecs of Python's from and to text that no page is written in."""


def charset_of(said: str | None, media_type: str, beginning: bytes) -> tuple[str, str]:
    """A codec's name, and what is worth a note.

    What the Content-Type says, else a byte-order mark, else an HTML page's own `<meta charset>`, else UTF-8.
    """
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), None)
    label = said or marked or (_meta(beginning) if "html" in media_type else None) or "utf-8"
    name = _codec(label)
    if name is None:
        return marked or "utf-8", f"the charset {label[:40]} is unknown: the body is read as {marked or 'utf-8'}"
    return name, ""


def _meta(beginning: bytes) -> str | None:
    found = _META.search(beginning[:_PROLOGUE])
    if found is None:
        return None
    label = found[1].decode("ascii", errors="replace")
    return "utf-8" if label.lower().startswith("utf-16") else label  # it could not be read as that


@lru_cache(maxsize=128)
def _codec(label: str) -> str | None:
    try:
        codec = codecs.lookup(label.strip())
    except (LookupError, ValueError):
        return None
    if codec.name in _NO_CHARSETS or not getattr(codec, "_is_text_encoding", True):
        return None
    return _WEB.get(codec.name, codec.name)
