from pathlib import Path

import pytest
from msgspec.structs import replace

from probe.cli.launch import Plan, exit_code, launch, require_variables, select, settings_for
from probe.errors import ExitCode, UsageError
from probe.model.result import Effect, EffectState, Run, Trigger, Verdict
from probe.settings import Settings
from probe.spec.load import load_journey
from tests.cli.process import write_journey
from tests.export.sample import PASSED

FAILED = replace(PASSED, verdict=Verdict.FAILED)
ERRORED = replace(PASSED, verdict=Verdict.ERRORED)
SKIPPED = replace(PASSED, verdict=Verdict.SKIPPED)
LEFT = replace(FAILED, effects=(Effect("pay", EffectState.OPEN, undoable=True),))
KEPT = replace(PASSED, effects=(Effect("subscribe", EffectState.OPEN, undoable=False),))
UNDONE = replace(PASSED, effects=(Effect("pay", EffectState.UNDONE, undoable=True),))
STOPPED = replace(ERRORED, interrupted=True)

SETTINGS = Settings(trigger=Trigger.MANUAL, region="local", agent="me", environ={})


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ([PASSED, PASSED], ExitCode.PASSED),
        ([UNDONE, KEPT], ExitCode.PASSED),
        ([PASSED, FAILED], ExitCode.FAILED),
        ([ERRORED, FAILED], ExitCode.FAILED),
        ([PASSED, ERRORED], ExitCode.ERRORED),
        ([PASSED, SKIPPED], ExitCode.ERRORED),
        ([], ExitCode.ERRORED),
        ([LEFT, FAILED], ExitCode.EFFECTS_OPEN),
        ([LEFT, STOPPED], ExitCode.INTERRUPTED),
    ],
)
def test_the_runs_together_have_one_exit_code(runs: list[Run], code: ExitCode) -> None:
    assert exit_code(runs) is code


def test_runs_come_in_the_order_of_the_plan(tmp_path: Path) -> None:
    slow = load_journey(write_journey(tmp_path, "  - {name: rest, wait: 50ms}\n", name="slow"))
    quick = load_journey(write_journey(tmp_path, "  - {name: rest, wait: 1ms}\n", name="quick"))
    runs = launch(Plan([(slow, [SETTINGS]), (quick, [SETTINGS] * 2)], tmp_path), quiet=True)
    assert [(run.journey, run.verdict) for run in runs] == [
        ("slow", Verdict.PASSED),
        ("quick", Verdict.PASSED),
        ("quick", Verdict.PASSED),
    ]


def test_journeys_run_side_by_side(tmp_path: Path) -> None:
    rest = "  - {name: rest, wait: 300ms}\n"
    journeys = [load_journey(write_journey(tmp_path, rest, name=f"j{number}")) for number in range(5)]
    runs = launch(Plan([(journey, [SETTINGS]) for journey in journeys], tmp_path), quiet=True)
    span = max(run.started_at for run in runs) - min(run.started_at for run in runs)
    assert span.total_seconds() < 0.3


def test_a_value_goes_only_to_journeys_that_have_the_variable(tmp_path: Path) -> None:
    journey = load_journey(write_journey(tmp_path, "  - {name: rest, wait: 1ms}\n"))
    assert settings_for(journey, SETTINGS, {"shop": "s", "other": "o"}).variables == {"shop": "s"}
    with pytest.raises(UsageError, match="no journey has a variable other"):
        require_variables([journey], {"other": "o"})


def test_without_tags_every_journey_is_chosen(tmp_path: Path) -> None:
    journey = load_journey(write_journey(tmp_path, "  - {name: rest, wait: 1ms}\n", head="tags: [a]\n"))
    assert select([journey], ()) == select([journey], ("b", "a")) == [journey]
