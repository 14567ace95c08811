"""Where the values of secrets come from: commands, files, and then the environment. Never a journey, never `ps`."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from probe.errors import ProbeError

LONGEST_BYTES = 64 * 1024
PATIENCE_S = 10.0
"""How long a command may take."""

log = logging.getLogger("probe.secrets")


class SecretError(ProbeError):
    """A secret cannot be had from where it should come from. Its text says nothing of what was there."""


class Sources(Struct, frozen=True):
    """Where to look before the environment; all by the name that a journey's `env:` says."""

    folder: Path | None = None
    """A file for each, named as the variable: how Kubernetes and Docker hand secrets to a container."""
    files: Mapping[str, Path] = {}
    commands: Mapping[str, tuple[str, ...]] = {}


class Secrets(Mapping[str, str]):
    """Files are read anew each time, so that a rotated secret needs no restart; commands are run by `refresh`."""

    def __init__(self, environ: Mapping[str, str], sources: Sources = Sources()) -> None:  # noqa: B008 - it is frozen
        self._environ = environ
        self._sources = sources
        self._printed: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """KeyError when it is nowhere; SecretError when it is somewhere and cannot be read."""
        if name in self._sources.commands:
            return self._printed[name]
        path = self._file(name)
        return self._environ[name] if path is None else _read(name, path)

    def __iter__(self) -> Iterator[str]:
        return iter({*self._environ, *self._sources.files, *self._sources.commands})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    async def refresh(self) -> None:
        """Runs all commands. One that fails leaves what it printed before; SecretError when there is nothing."""
        async with asyncio.TaskGroup() as group:
            made = {name: group.create_task(_printed(name, command)) for name, command in self._commands()}
        for name, task in made.items():
            result = task.result()
            if isinstance(result, str):
                self._printed[name] = result
            elif name in self._printed:
                log.error("%s; the value from before is used", result)
            else:
                raise result

    def _commands(self) -> list[tuple[str, tuple[str, ...]]]:
        return list(self._sources.commands.items())

    def _file(self, name: str) -> Path | None:
        if name in self._sources.files:
            return self._sources.files[name]
        folder = self._sources.folder
        if folder is None or not name.isidentifier():
            return None
        path = folder / name
        try:
            return path if path.exists() else None
        except OSError as error:
            raise SecretError(f"the secret {name} cannot be looked for in {folder}: {error.strerror}") from None


def _read(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_BYTES + 1)
    except OSError as error:
        raise SecretError(f"the secret {name} cannot be read from {path}: {error.strerror}") from None
    return _text(name, content, str(path))


async def _printed(name: str, command: tuple[str, ...]) -> str | SecretError:
    """What the command printed, or what went wrong: nothing of its output, which may hold half a secret."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        return SecretError(f"the command for the secret {name} cannot be run: {command[0]}: {error.strerror}")
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return SecretError(f"the command for the secret {name} took longer than {PATIENCE_S:g} s: {command[0]}")
    if process.returncode:
        return SecretError(f"the command for the secret {name} ended with {process.returncode}: {command[0]}")
    try:
        return _text(name, out, command[0])
    except SecretError as error:
        return error


def _text(name: str, content: bytes, source: str) -> str:
    """One line end at the end is the editor's, not the secret's."""
    if len(content) > LONGEST_BYTES:
        raise SecretError(f"the secret {name} is longer than {LONGEST_BYTES // 1024} KiB: {source}")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SecretError(f"the secret {name} is no UTF-8 text: {source}") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SecretError(f"the secret {name} is empty: {source}")
    return text
