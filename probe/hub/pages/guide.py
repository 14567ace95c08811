"""What to do at three in the morning, for whoever can reach nothing but the hub: `docs/three-in-the-morning.md`."""

from importlib.resources import files

from markdown_it import MarkdownIt
from markupsafe import Markup

FILE = "three-in-the-morning.md"


def guide() -> Markup:
    """As HTML; tables are put where they can be scrolled."""
    text = (files(__package__) / FILE).read_text(encoding="utf-8")
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    tables = made.replace("<table>", '<div class="scroll" tabindex="0"><table class="list">')
    return Markup(tables.replace("</table>", "</table></div>"))  # noqa: S704 - our own text, with HTML in it escaped
