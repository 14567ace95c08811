"""The exceptions a person may cause, and how the program ends.

ProbeError              expected: printed without a traceback
├── UsageError          the command line asks for something that cannot be
├── SpecError           a journey or a configuration has mistakes; carries all of them
└── OutputError         a report that was asked for could not be written

StepFailure             ends a step on its way to the runner, which makes it part of the record

A misbehaving target is data (`probe.model.result.Failure`), not an exception; a bug of ours is a traceback.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.model.place import Mistake
    from probe.model.result import Failure


class ExitCode(IntEnum):
    """What `probe` tells the shell. The README lists what each one asks its reader to do."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    ERRORED = 3
    INCONCLUSIVE = 4
    EFFECTS_OPEN = 5
    INTERRUPTED = 130


class ProbeError(Exception):
    """Something a person can put right; its text says what and how."""

    exit_code = ExitCode.ERRORED


class UsageError(ProbeError):
    exit_code = ExitCode.USAGE


class SpecError(ProbeError):
    """All mistakes found in journeys and configurations, in the order of the files and lines."""

    exit_code = ExitCode.USAGE

    def __init__(self, mistakes: "Sequence[Mistake]") -> None:
        super().__init__(f"{len(mistakes)} mistakes in files")
        self.mistakes = tuple(mistakes)


class OutputError(ProbeError):
    exit_code = ExitCode.ERRORED


class StepFailure(Exception):  # noqa: N818 - the Failure is the word of the record
    def __init__(self, failure: "Failure") -> None:
        super().__init__(failure.message)
        self.failure = failure
