"""multipart/form-data (RFC 7578): fields and files in one body."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from probe.model.file import File
from probe.model.place import Place
from probe.model.template import Text
from probe.steps.base import ActionError, Performance, script_failure

if TYPE_CHECKING:
    from probe.wire.body import FilePiece

_QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How browsers write a name that has one of these in it (WHATWG HTML §4.10.21.8)."""


class Part(Struct, frozen=True):
    """One field of a form."""

    file: Annotated[File | None, Meta(description="The file to send, relative to the journey's own.")] = None
    text: Annotated[Text | None, Meta(description="The text to send.")] = None
    type: Annotated[
        Text | None, Meta(description="Its Content-Type; a file's is application/octet-stream unless said.")
    ] = None
    filename: Annotated[Text | None, Meta(description="The name it is sent under; a file's own unless said.")] = None

    def __post_init__(self) -> None:
        if (self.file is None) == (self.text is None):
            raise ActionError("a part is either a file or a text", "{file: photo.jpg} or {text: …}")


Parts = tuple[Part, ...]
"""One part, or several under one name."""


def encode_parts(fields: Mapping[str, Parts], performance: Performance, boundary: str) -> Iterator["bytes | FilePiece"]:
    """The pieces of the body between and around which the boundary stands."""
    for name, parts in fields.items():
        for part in parts:
            yield f"--{boundary}\r\n{_head(name, part, performance)}\r\n\r\n".encode()
            if part.file is not None:
                yield piece_of(part.file)
            elif part.text is not None:
                yield performance.text(part.text).encode()
            yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def new_boundary() -> str:
    """One that stands in no file."""
    from secrets import token_hex

    return f"----probe{token_hex(16)}"


def piece_of(file: File) -> "FilePiece":
    """The file as it is now; StepFailure when it is gone."""
    from probe.wire.body import FilePiece

    try:
        return FilePiece(file.path, file.path.stat().st_size)
    except OSError as error:
        raise script_failure(f"the file {file.name} cannot be sent: {error.strerror}", file.place) from None


def _head(name: str, part: Part, performance: Performance) -> str:
    head = f'Content-Disposition: form-data; name="{name.translate(_QUOTED)}"'
    filename = Path(part.file.name).name if part.file else ""
    if part.filename is not None:
        filename = performance.text(part.filename)
    if filename:
        head += f'; filename="{filename.translate(_QUOTED)}"'
    media_type = "application/octet-stream" if part.file else ""
    if part.type is not None:
        media_type = _printable(performance.text(part.type), part.type.place)
    return f"{head}\r\nContent-Type: {media_type}" if media_type else head


def _printable(media_type: str, place: Place) -> str:
    if not media_type.isprintable():
        raise script_failure("the type of a part has a character in it that no header can have", place)
    return media_type
