from collections.abc import Iterable
from html import escape
from importlib.resources.abc import Traversable
from string import Template


class Html(str):
    """Text that is markup already; any other text is escaped where it enters a template."""

    __slots__ = ()

    @classmethod
    def joined(cls, parts: "Iterable[Html]") -> "Html":
        return cls("".join(parts))


class Templates:
    """The files of a folder, read once; `$name` in one is a value to fill in."""

    def __init__(self, folder: Traversable) -> None:
        self._templates = {file.name: Template(file.read_text("utf-8")) for file in folder.iterdir() if file.is_file()}

    def fill(self, template: str, /, **values: object) -> Html:
        filled = {name: value if isinstance(value, Html) else escape(str(value)) for name, value in values.items()}
        return Html(self._templates[template].substitute(filled))
