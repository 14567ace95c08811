from msgspec import Struct


class Place(Struct, frozen=True, omit_defaults=True):
    """Where something stands in a file: lines and columns count from 1, `end_column` is exclusive.

    The source line travels along, so that a record can be shown far from the file it came from.
    """

    file: str
    line: int
    column: int
    end_column: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Mistake(Struct, frozen=True):
    """What is wrong at a place (expected and found), and what to do about it."""

    place: Place
    message: str
    hint: str = ""
