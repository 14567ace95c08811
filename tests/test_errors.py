import pytest

from probe.errors import ExitCode, OutputError, ProbeError, SpecError, StepFailure, UsageError
from probe.model.place import Mistake, Place
from probe.model.result import Cause, Failure


@pytest.mark.parametrize(("error", "code"), [(UsageError, 2), (OutputError, 3), (ProbeError, 3)])
def test_each_error_knows_its_exit_code(error: type[ProbeError], code: int) -> None:
    assert error("why").exit_code == code


def test_a_journey_error_carries_all_mistakes() -> None:
    mistakes = (Mistake(Place("f", 1, 1, 2), "one"), Mistake(Place("f", 2, 1, 2), "two"))
    error = SpecError(mistakes)
    assert (error.mistakes, error.exit_code) == (mistakes, ExitCode.USAGE)


def test_a_step_failure_carries_the_failure_of_the_record() -> None:
    failure = Failure(Cause.CONNECT, "refused")
    assert (StepFailure(failure).failure, str(StepFailure(failure))) == (failure, "refused")
