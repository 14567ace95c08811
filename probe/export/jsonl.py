"""To a file, one record to a line. Each record is in it once, whenever the agent dies: the batch that was being written
is recognised at the end of the file. Somebody may move the file away between batches; a new one is begun.
"""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from probe.durable.folder import is_writable
from probe.export.base import Surroundings
from probe.model.batch import ACKED, Batch, Outcome, Result
from probe.steps.base import ActionError

DESCRIPTION = "A file on this machine, one JSON record to a line."

_BEGINNING = b'{"kind":"'
_BLOCK = 2**16


class Config(Struct, frozen=True):
    path: Annotated[str, Meta(description="The file; its folder is made when it is not there.")]

    def __post_init__(self) -> None:
        if not self.path or "\0" in self.path:
            raise ActionError("expected a file", "such as /var/lib/probe/runs.jsonl", "path")


def destination(config: Config) -> str:
    return config.path


@asynccontextmanager
async def open_session(config: Config, surroundings: Surroundings) -> AsyncIterator[Path]:
    yield surroundings.folder / config.path


async def send(config: Config, batch: Batch, session: Path) -> Outcome:
    import asyncio

    return await asyncio.to_thread(append, session, batch.lines)


def append(path: Path, lines: tuple[bytes, ...]) -> Outcome:
    """All lines are in the file and on disk, or the file ends as it did before; no lines leave no file."""
    if not lines:
        return ACKED if is_writable(path) else Outcome(Result.PAUSED, f"{path} cannot be written to")
    try:
        with suppress(FileExistsError):  # then opening says what is in the way
            path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        return Outcome(Result.PAUSED, f"{path} cannot be opened: {error.strerror}")
    except OSError as error:
        return Outcome(Result.RETRY, f"{path} cannot be opened: {error.strerror}")
    try:
        _append(file, path, lines)
    except BlockingIOError:
        return Outcome(Result.RETRY, f"{path} is being written to by another process, or by a try before this one")
    except OSError as error:
        return Outcome(Result.RETRY, f"{path} cannot be written: {error.strerror}")
    finally:
        os.close(file)
    return ACKED


def _append(file: int, path: Path, lines: tuple[bytes, ...]) -> None:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    end = _repair(file)
    size = sum(len(line) + 1 for line in lines)
    start = max(end - size, 0)
    written = set(os.pread(file, end - start, start).split(b"\n"))
    try:
        _write(file, b"".join(line + b"\n" for line in lines if line not in written))
        os.fsync(file)
        if end == 0:
            _sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, end)  # what may not be on disk is written again
        raise


def _repair(file: int) -> int:
    """Where the file ends when nothing but whole lines is in it: a line of ours that was cut off is removed."""
    end = os.fstat(file).st_size
    if end == 0 or os.pread(file, 1, end - 1) == b"\n":
        return end
    start = _start_of_last_line(file, end)
    beginning = os.pread(file, len(_BEGINNING), start).rstrip(b"\0")  # a file that lost its power can end in zeros
    if _BEGINNING.startswith(beginning):
        os.ftruncate(file, start)
        return start
    _write(file, b"\n")  # somebody else's line: it is not ours to remove
    return end + 1


def _start_of_last_line(file: int, end: int) -> int:
    while end > 0:
        start = max(end - _BLOCK, 0)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _sync_folder(folder: Path) -> None:
    """A new file is there after a power loss only when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
