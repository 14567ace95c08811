"""Processes of ours that end when this one does, whatever ends it."""

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from probe.errors import ProbeError

PATIENCE_S = 10
"""How long a child may take to end when it is told to."""
SHOWN_LINES = 15

_PR_SET_PDEATHSIG = 1


class Child(Struct, frozen=True):
    name: str
    process: "subprocess.Popen[bytes]"
    log: Path | None = None
    ends_with_stdin: bool = False
    """Then a SIGTERM would come on top, perhaps when nobody listens for it any more."""

    def ready(self) -> Any:
        """What it says first on stdout, a line of JSON, once it is there for others."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.require_alive()
        return json.loads(line)

    def require_alive(self) -> None:
        """ProbeError, with the end of its log, when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise ProbeError(f"{self.name} has ended with {code}{self._last_words()}")

    def end(self) -> None:
        """Asks it to end, once, without waiting: a second signal would cut what it still has to do."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
            if not self.ends_with_stdin:
                self.process.terminate()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:] if self.log else []
        return "".join(f"\n  {line}" for line in lines)


@contextmanager
def start_child(
    name: str,
    arguments: Sequence[str],
    *,
    log: Path | None = None,
    environ: Mapping[str, str] | None = None,
    patience_s: float = PATIENCE_S,
) -> Iterator[Child]:
    """A module of ours as a process, until the end of the block; its stderr goes to the log, or to ours.

    It has a session of its own, so that a Ctrl-C is ours to pass on. When this process is killed, its stdin ends and,
    where the kernel can do that, it gets a SIGTERM.
    """
    with log.open("wb") if log else nullcontext() as stderr:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environ,
            start_new_session=True,
            preexec_fn=_with_parent(),  # noqa: PLW1509 - nothing here has threads when it starts children
        )
    child = Child(name, process, log, ends_with_stdin="--stop-with-stdin" in arguments)
    try:
        yield child
    finally:
        child.end()
        _wait(process, patience_s)


def _with_parent() -> partial[int] | None:
    """What asks the kernel, in the child, for a SIGTERM when the parent dies; Linux only."""
    if sys.platform != "linux":
        return None
    return partial(ctypes.CDLL(None).prctl, _PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()
