import re
import stat
from bisect import bisect_right
from pathlib import Path

from probe.errors import SpecError
from probe.model.place import Mistake, Place

MAX_BYTES = 1024 * 1024
SHOWN = 200

_BREAK = re.compile(r"\r\n|\n|\r")


class Source:
    """The text of a file, and the places in it. Messages say its `kind`, and with which `opening` one begins."""

    def __init__(self, file: str, text: str, kind: str = "journey", opening: str = "journey: <name>") -> None:
        self.file = file
        self.kind = kind
        self.opening = opening
        self.text = text
        self._last = max(len(text.rstrip(" \t\r\n")) - 1, 0)
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]

    def place(self, start: int, end: int | None = None) -> Place:
        """The characters from one offset to another; the first one only when that is in another line.

        What is missing at the end of the file is shown under its last character.
        """
        start = min(start, self._last)
        line = bisect_right(self._starts, start)
        begin = self._starts[line - 1]
        text = _BREAK.split(self.text[begin : begin + SHOWN], maxsplit=1)[0]
        ends_here = end is not None and start < end and bisect_right(self._starts, end) == line
        column, width = start - begin + 1, end - start if end is not None and ends_here else 1
        return Place(self.file, line, column, column + width, text)

    def mistake(self, start: int, message: str, hint: str = "") -> Mistake:
        return Mistake(self.place(start), message, hint)


def is_folder(path: Path) -> bool:
    """What may not even be asked is no folder: why is said when it is read."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_special(path: Path) -> bool:
    """Whether reading could wait for ever: what is there is neither a file nor a folder."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def read_source(path: Path, kind: str = "journey", opening: str = "journey: <name>") -> Source:
    """The file's text; SpecError when it cannot be read, is no UTF-8 or is larger than 1 MiB."""
    if is_folder(path):
        raise _unreadable(path, f"expected a {kind} file, got a directory", "name a file in it")
    if is_special(path):
        raise _unreadable(path, f"expected a {kind} file, got a pipe or a device", "write it to a file first")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file", "check the path") from None
    except PermissionError:
        raise _unreadable(path, "no permission to read the file", f"try: chmod +r {path.name}") from None
    except OSError as error:
        raise _unreadable(path, f"the file cannot be read: {error.strerror}", "") from None
    if len(data) > MAX_BYTES:
        raise _unreadable(path, "the file is larger than 1 MiB", f"a {kind} is no place for data")
    return Source(str(path), _decode(path, data), kind, opening)


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        data = error.object  # without the mark that may stand at a file's beginning
        good = data[: error.start].decode()
        source = Source(str(path), f"{good}\ufffd")
        message = f"expected UTF-8 text, got the byte 0x{data[error.start]:02x}"
        raise SpecError([source.mistake(len(good), message, "save the file as UTF-8")]) from None


def _unreadable(path: Path, message: str, hint: str) -> SpecError:
    return SpecError([Mistake(Place(str(path), 1, 1, 2), message, hint)])
