from pathlib import Path

from probe.errors import JourneyError
from probe.model.place import Mistake, Place

MAX_BYTES = 1024 * 1024
SHOWN = 200


class Source:
    """The text of a journey file, and the places in it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._lines = text.split("\n")

    def place(self, line: int, column: int, end_column: int | None = None) -> Place:
        """The place at a line and column that count from 1; an open end means one character."""
        text = self._lines[line - 1].rstrip("\r") if line <= len(self._lines) else ""
        end = max(column + 1, column + 1 if end_column is None else end_column)
        return Place(self.file, line, column, end, text[:SHOWN])

    def mistake(self, line: int, column: int, message: str, hint: str = "") -> Mistake:
        return Mistake(self.place(line, column), message, hint)


def read_source(path: Path) -> Source:
    """The file's text; JourneyError when it cannot be read, is no UTF-8 or is larger than 1 MiB."""
    if path.is_dir():
        raise _unreadable(path, "expected a journey file, got a directory", "name a file in it")
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
        raise _unreadable(path, "the file is larger than 1 MiB", "a journey is a script; keep data out of it")
    return Source(str(path), _decode(path, data))


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        line, column = good.count("\n") + 1, len(good) - good.rfind("\n")
        place = Source(str(path), good).place(line, column)
        message = f"expected UTF-8 text, got the byte 0x{data[error.start]:02x}"
        raise JourneyError([Mistake(place, message, "save the file as UTF-8")]) from None


def _unreadable(path: Path, message: str, hint: str) -> JourneyError:
    return JourneyError([Mistake(Place(str(path), 1, 1, 1), message, hint)])
