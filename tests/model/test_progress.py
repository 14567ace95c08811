from probe.model.progress import Progress
from probe.model.result import Section


def test_a_step_that_begins_has_no_verdict_yet() -> None:
    assert Progress("checkout", "pay", Section.STEPS).verdict is None
