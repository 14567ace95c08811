"""What is going on while runs go on: live on a terminal, a line per step elsewhere. Always on stderr."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from probe.export.text import cut
from probe.model.duration import format_duration
from probe.model.result import Verdict
from probe.runner import Progress

if TYPE_CHECKING:
    from rich.console import RenderableType

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_LINES = 12

Watch = Callable[[Progress], None]


@contextmanager
def show_progress(stream: TextIO, *, quiet: bool) -> Iterator[Watch]:
    """A callable that shows each step as it begins and ends."""
    if quiet:
        yield lambda progress: None
    elif stream.isatty():
        with _live(stream) as watch:
            yield watch
    else:
        yield lambda progress: _line(stream, progress)


def _line(stream: TextIO, progress: Progress) -> None:
    if progress.verdict is not None:
        print(
            f"{progress.journey}: {_step(progress)} {progress.verdict} in {format_duration(progress.duration_ns)}",
            file=stream,
            flush=True,
        )


def _step(progress: Progress) -> str:
    return f"{progress.section}: {progress.step}" if progress.section != "steps" else progress.step


@contextmanager
def _live(stream: TextIO) -> Iterator[Watch]:
    from rich.console import Console
    from rich.live import Live

    board = _Board()
    with Live(get_renderable=board.render, console=Console(file=stream), refresh_per_second=10, transient=True):
        yield board.watch


class _Board:
    """A line per journey: what it has done, what it is doing, for how long."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lines: dict[str, tuple[list[Verdict], Progress, float]] = {}

    def watch(self, progress: Progress) -> None:
        done, _, since = self._lines.get(progress.journey, ([], progress, 0.0))
        if progress.verdict is None:
            since = time.monotonic()
        else:
            done.append(progress.verdict)
        self._lines[progress.journey] = (done, progress, since)

    def render(self) -> "RenderableType":
        from rich.text import Text

        now = time.monotonic()
        text = Text(f"{_SPINNER[int(now * 10) % len(_SPINNER)]} {now - self._began:.1f} s\n")
        for journey, (done, progress, since) in list(self._lines.items())[-_LINES:]:
            text.append(f"  {cut(journey, 30)}  ", style="bold")
            for verdict in done[-20:]:
                text.append(
                    *{Verdict.PASSED: ("✓", "green"), Verdict.FAILED: ("✗", "red")}.get(verdict, ("!", "magenta"))
                )
            if progress.verdict is None:
                text.append(f"  {cut(_step(progress), 40)} {now - since:.1f} s")
            text.append("\n")
        return text
