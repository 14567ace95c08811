"""What is going on while runs go on: live on a terminal, a line per step elsewhere. Always on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from probe.export.text import cut
from probe.model.duration import format_duration
from probe.model.progress import Progress
from probe.model.result import Section, Verdict

if TYPE_CHECKING:
    from rich.text import Text

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_JOURNEYS = 12
_SIGNS = {Verdict.PASSED: ("✓", "green"), Verdict.FAILED: ("✗", "red")}


class Shown(Protocol):
    """Where progress is shown."""

    def watch(self, progress: Progress) -> None:
        """A step begins or ends."""

    def notice(self, text: str) -> None:
        """Something a person should know now."""


@contextmanager
def show_progress(stream: TextIO, *, quiet: bool) -> Iterator[Shown]:
    if quiet or not stream.isatty():
        yield Lines(stream, quiet=quiet)
        return
    from rich.console import Console
    from rich.live import Live

    board = Board()
    with Live(get_renderable=board.render, console=Console(file=stream), refresh_per_second=10, transient=True):
        yield board


class Lines:
    """A line for each step that ended."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream = stream
        self._quiet = quiet

    def watch(self, progress: Progress) -> None:
        if progress.verdict is not None and not self._quiet:
            self.notice(_sentence(progress, progress.verdict))

    def notice(self, text: str) -> None:
        with suppress(OSError):  # nobody reads it any more, and a write that is under way is still to be undone
            print(text, file=self._stream, flush=True)


class Board:
    """A line for each journey: what it has done, what it is doing, for how long."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lines: dict[str, tuple[list[Verdict], Progress, float]] = {}
        self._notice = ""

    def watch(self, progress: Progress) -> None:
        done, _, since = self._lines.get(progress.journey, ([], progress, 0.0))
        if progress.verdict is None:
            since = time.monotonic()
        else:
            done.append(progress.verdict)
        self._lines[progress.journey] = (done, progress, since)

    def notice(self, text: str) -> None:
        self._notice = text

    def render(self) -> "Text":
        from rich.text import Text

        now = time.monotonic()
        text = Text(f"{_SPINNER[int(now * 10) % len(_SPINNER)]} {now - self._began:.1f} s\n")
        for journey, (done, progress, since) in list(self._lines.items())[-_JOURNEYS:]:
            text.append(f"  {cut(journey, 30)}  ", style="bold")
            for verdict in done[-20:]:
                text.append(*_SIGNS.get(verdict, ("!", "magenta")))
            if progress.verdict is None:
                text.append(f"  {cut(_title(progress), 40)} {now - since:.1f} s")
            text.append("\n")
        text.append(self._notice, style="yellow")
        return text


def _sentence(progress: Progress, verdict: Verdict) -> str:
    what = f"{cut(progress.journey, 60)}: {cut(_title(progress), 60)}"
    return f"{what} {verdict} in {format_duration(progress.duration_ns)}"


def _title(progress: Progress) -> str:
    return f"always: {progress.step}" if progress.section is Section.ALWAYS else progress.step
