import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from probe.errors import OutputError, UsageError
from probe.export.console import View, report
from probe.model.result import Run


class Reports:
    """Where the runs of a command are told: the terminal, and the files that were asked for.

    A file that was asked for and cannot be written is an OutputError: its loss must not look like success.
    """

    def __init__(
        self,
        *,
        json_path: Path | None = None,
        junit_path: Path | None = None,
        markdown_path: Path | None = None,
        summary_path: str | None = None,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self.json_path = json_path
        self.junit_path = junit_path
        self.markdown_path = markdown_path
        self.summary_path = summary_path
        self.json_on_stdout = str(json_path) == "-"
        self.view = view_for(sys.stderr if self.json_on_stdout else sys.stdout, quiet=quiet, verbose=verbose)
        require_places(json_path, (junit_path, markdown_path))

    def write(self, runs: Sequence[Run], *, title: str = "") -> None:
        """Files first: whoever reads the terminal may have gone away."""
        if self.json_path is not None and not self.json_on_stdout:
            write_text(self.json_path, self._json(runs))
        if self.junit_path is not None:
            from probe.export.junit import render_junit

            write_text(self.junit_path, render_junit(runs))
        if self.markdown_path is not None or self.summary_path:
            self._write_markdown(runs, title)
        say("\n".join([*report(runs, self.view), *([title] if title else [])]) + "\n", self._terminal)
        if self.json_on_stdout:
            say(self._json(runs), sys.stdout)

    @property
    def _terminal(self) -> TextIO:
        return sys.stderr if self.json_on_stdout else sys.stdout

    def _json(self, runs: Sequence[Run]) -> str:
        from probe.export.json import render_json

        return render_json(runs)

    def _write_markdown(self, runs: Sequence[Run], title: str) -> None:
        from probe.export.markdown import render_markdown

        text = render_markdown(runs, title)
        if self.markdown_path is not None:
            write_text(self.markdown_path, text)
        if self.summary_path:
            write_text(Path(self.summary_path), text, mode="a")


def view_for(stream: object, *, quiet: bool, verbose: bool) -> View:
    terminal = bool(getattr(stream, "isatty", bool)())
    width = min(max(shutil.get_terminal_size((100, 24)).columns, 60), 160) if terminal else 100
    return View(width=width, colour=terminal and not os.environ.get("NO_COLOR"), verbose=verbose, quiet=quiet)


def require_places(json_path: Path | None, others: Iterable[Path | None]) -> None:
    """UsageError before anything is run when a report would have nowhere to go."""
    for path in others:
        if path is not None and str(path) == "-":
            raise UsageError("only --json can go to stdout; name a file for the other reports")
    for path in (json_path, *others):
        if path is not None and path.is_dir():
            raise UsageError(f"{path} is a folder; name a file for the report")


def say(text: str, stream: TextIO) -> None:
    """A reader who went away (a closed pipe) changes nothing; any other loss is an OutputError."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or the interpreter complains at its end
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise OutputError(f"the report could not be printed: {error.strerror}") from None


def write_text(path: Path, text: str, mode: str = "w") -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(f"the report {path} could not be written: {error.strerror}") from None
