"""HTML from Python: an agent needs one page, and no template engine for it."""

from collections.abc import Iterable
from html import escape

from probe.export.text import printable

_VOID = ("meta", "link")


class Html(str):
    """Text that is markup already; any other text is escaped where it enters an element."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str) -> Html:
    """Attributes are written as keywords: `class_`, `data_label`."""
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return Html(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{joined(content)}</{tag}>")


def joined(parts: Iterable[str]) -> Html:
    return Html("".join(part if isinstance(part, Html) else escape(printable(part)) for part in parts))


def foreign(text: str) -> Html:
    """A name or a message of somebody else's: its direction of writing does not reach beyond it."""
    return element("bdi", text)


def terms(pairs: Iterable[tuple[str, str]], class_: str) -> Html:
    """A list of terms and what is said of each."""
    groups = (element("div", element("dt", term), element("dd", said)) for term, said in pairs)
    return element("dl", *groups, class_=class_)
