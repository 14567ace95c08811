"""What a request sends after its headers: pieces in memory and in files, which are read as they leave."""

from collections.abc import Iterator
from pathlib import Path

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from msgspec import Struct

PIECE_BYTES = 64 * 1024
"""At most this much of a file is in memory."""


class FileTrouble(Exception):  # noqa: N818 - aiohttp wraps it, and whoever unwraps it blames the agent's side
    """A file that was there when the request was made cannot be sent whole."""


class FilePiece(Struct, frozen=True):
    path: Path
    size: int
    """Bytes it had when the request was made: as many are sent."""

    def read(self) -> Iterator[bytes]:
        left = self.size
        try:
            with self.path.open("rb") as file:
                while left and (piece := file.read(min(left, PIECE_BYTES))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise FileTrouble(f"the file {self.path} cannot be read: {error.strerror}") from None
        if left:
            raise FileTrouble(f"the file {self.path} became {left} bytes shorter while it was sent")


class Body(Struct, frozen=True):
    pieces: tuple[bytes | FilePiece, ...]
    chunked: bool = False
    """Whether it goes out with Transfer-Encoding: chunked, although its length is known."""

    @property
    def size(self) -> int:
        return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in self.pieces)

    @property
    def has_files(self) -> bool:
        return any(isinstance(piece, FilePiece) for piece in self.pieces)

    def read(self) -> Iterator[bytes]:
        """All of it, a few kilobytes at a time; FileTrouble when a file is not there any more."""
        for piece in self.pieces:
            if isinstance(piece, FilePiece):
                yield from piece.read()
            else:
                yield from (piece[start : start + PIECE_BYTES] for start in range(0, len(piece), PIECE_BYTES))


class BodyPayload(Payload):
    """The body as aiohttp sends it. It holds nothing open between two attempts."""

    _autoclose = True

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        self._size = body.size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise NotImplementedError("a body may be larger than memory")

    async def write(self, writer: AbstractStreamWriter) -> None:
        for piece in self._value.read():
            await writer.write(piece)
