from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from probe.cli.options import Chosen, journey_options
from probe.errors import ExitCode
from probe.model.result import Trigger


def chosen(*arguments: str) -> Chosen:
    found: list[Chosen] = []

    @click.command()
    @journey_options
    def command(chosen: Chosen) -> ExitCode:
        found.append(chosen)
        return ExitCode.PASSED

    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


def test_what_is_not_said_is_as_safe_as_can_be() -> None:
    settings = chosen("a.yaml").settings(Trigger.MANUAL)
    assert (settings.writes_allowed, settings.variables, settings.timeout_ns, settings.region) == (
        False,
        {},
        None,
        "local",
    )


def test_secrets_come_from_the_folder_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CARD").write_text("from the folder")
    monkeypatch.setenv("CARD", "from the environment")
    settings = chosen("a.yaml", "--secrets", str(tmp_path)).settings(Trigger.MANUAL)
    assert settings.secrets is not None
    assert settings.secrets["CARD"] == "from the folder"
