import io
import os
from contextlib import suppress

import pytest

from probe.export.progress import Board, show_progress
from probe.model.progress import Progress
from probe.model.result import Section, Verdict

BEGAN = Progress("checkout", "pay", Section.STEPS)
ENDED = Progress("checkout", "pay", Section.STEPS, Verdict.PASSED, 12_300_000)


def test_elsewhere_each_ended_step_is_a_line() -> None:
    stream = io.StringIO()
    with show_progress(stream, quiet=False) as shown:
        shown.watch(BEGAN)
        shown.watch(ENDED)
        shown.notice("note")
    assert stream.getvalue() == "checkout: pay passed in 12.3 ms\nnote\n"


def test_quiet_shows_notices_only() -> None:
    stream = io.StringIO()
    with show_progress(stream, quiet=True) as shown:
        shown.watch(ENDED)
        shown.notice("note")
    assert stream.getvalue() == "note\n"


def test_a_stream_that_nobody_reads_any_more_ends_no_run() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w", buffering=1)
    with show_progress(stream, quiet=False) as shown:
        shown.watch(ENDED)
    with suppress(BrokenPipeError):
        stream.close()


def test_the_board_shows_what_is_done_and_what_goes_on() -> None:
    board = Board()
    board.watch(ENDED)
    board.watch(Progress("checkout", "log out", Section.ALWAYS))
    board.notice("interrupted")
    lines = board.render().plain.splitlines()
    assert lines[1].startswith("  checkout  ✓  always: log out 0.")
    assert lines[2] == "interrupted"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this platform has no pseudo-terminals")
def test_a_terminal_gets_a_live_view_that_leaves_nothing_behind() -> None:
    terminal, end = os.openpty()
    with os.fdopen(end, "w") as stream, show_progress(stream, quiet=False) as shown:
        shown.watch(BEGAN)
        assert isinstance(shown, Board)
    assert os.read(terminal, 65536)
    os.close(terminal)
