"""Text for a terminal: places shown as compilers show them, and nothing that could steer the terminal."""

import re
from collections.abc import Iterator

from probe.errors import ProbeError, SpecError
from probe.model.place import Mistake, Place

LONGEST = 2000

NAMED = re.compile(r"\*([^*]+)\*")
"""The name of a step in a comparison's sentence."""
_BREAK = re.compile(r"\s+(?!%|ms\b|CI\b|UTC\b)")


def printable(text: str) -> str:
    """The text without control and bidirectional characters, which a target could send to disturb a terminal."""
    if text.isascii() and text.isprintable():
        return text[:LONGEST]
    return "".join(c if c.isprintable() else _escaped(c) for c in text[:LONGEST])


def quoted(text: str) -> str:
    """A comparison's sentence where nothing can be set off: names of steps in quotation marks."""
    return NAMED.sub(r'"\1"', text)


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    return text + " " * max(0, width - cells(text))


def cut(text: str, width: int) -> str:
    """The text in one line of at most that many columns."""
    one_line = printable(" ".join(text.split()))
    if cells(one_line) <= width:
        return one_line
    while one_line and cells(one_line) > width - 1:
        one_line = one_line[:-1]
    return f"{one_line}…"


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most that many columns, parted at blanks (`34 %` stays whole); a longer word is cut."""
    lines = [""]
    for word in _BREAK.split(text.strip()):
        shown = cut(word, width)
        longer = f"{lines[-1]} {shown}" if lines[-1] else shown
        lines = [*lines[:-1], longer] if cells(longer) <= width else [*lines, shown]
    return lines


def excerpt(place: Place) -> Iterator[str]:
    """The source line and a caret under the place in it."""
    if not place.text.strip():
        return
    number = str(place.line)
    line = printable(place.text.replace("\t", " "))
    yield f"  {number} | {line}"
    if place.column <= len(place.text):
        before = cells(printable(place.text[: place.column - 1].replace("\t", " ")))
        marked = cells(printable(place.text[place.column - 1 : place.end_column - 1].replace("\t", " "))) or 1
        yield f"  {' ' * len(number)} | {' ' * before}{'^' * marked}"


def mistake_lines(mistake: Mistake) -> Iterator[str]:
    yield f"{printable(str(mistake.place))}: {printable(mistake.message)}"
    yield from excerpt(mistake.place)
    if mistake.hint:
        yield f"  {' ' * len(str(mistake.place.line))} = {printable(mistake.hint)}"


def error_text(error: ProbeError) -> str:
    """All of what the error has to say: the mistakes it carries, or its text."""
    mistakes = error.mistakes if isinstance(error, SpecError) else ()
    return "\n".join(line for mistake in mistakes for line in mistake_lines(mistake)) or printable(str(error))


def _escaped(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
