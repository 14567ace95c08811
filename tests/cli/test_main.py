import pytest

from probe import __version__
from probe.cli.main import COMMANDS
from tests.cli.process import run_probe


async def test_help_names_every_command_and_exit_code() -> None:
    ended = await run_probe("--help")
    assert ended.code == 0
    assert all(f"  {name} " in ended.out for name in COMMANDS)
    assert "130 interrupted" in ended.out


@pytest.mark.parametrize("name", COMMANDS)
async def test_each_command_has_help(name: str) -> None:
    ended = await run_probe(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"probe {name}" in ended.out


async def test_the_version_is_printed() -> None:
    assert (await run_probe("--version")).out == f"probe {__version__}\n"


async def test_a_mistyped_command_gets_a_suggestion_and_2() -> None:
    ended = await run_probe("rnu")
    assert ended.code == 2
    assert "there is no command rnu; did you mean run?" in ended.err


async def test_a_mistyped_option_is_2() -> None:
    ended = await run_probe("run", "--repaet", "3", "journeys")
    assert ended.code == 2
    assert "--repeat" in ended.err
