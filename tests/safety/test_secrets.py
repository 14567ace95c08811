import sys
from pathlib import Path

import pytest

from probe.safety.secrets import LONGEST_BYTES, SecretError, Secrets, Sources

ENVIRON = {"CARD": "from the environment", "OTHER": "o"}


def printing(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_without_sources_they_are_the_environment() -> None:
    secrets = Secrets(ENVIRON)
    assert (dict(secrets), len(secrets), secrets.get("NONE")) == (ENVIRON, 2, None)


def test_a_file_of_the_folder_comes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "CARD").write_text("from the folder\n")
    secrets = Secrets(ENVIRON, Sources(folder=tmp_path))
    assert (secrets["CARD"], secrets["OTHER"]) == ("from the folder", "o")


def test_a_file_that_is_rotated_counts_from_the_next_time_on(tmp_path: Path) -> None:
    secrets = Secrets({}, Sources(files={"CARD": tmp_path / "card"}))
    (tmp_path / "card").write_text("old")
    old = secrets["CARD"]
    (tmp_path / "card").write_text("new\r\n")
    assert (old, secrets["CARD"]) == ("old", "new")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "is no UTF-8 text"), (b"x" * (LONGEST_BYTES + 1), "longer")],
)
def test_a_file_that_holds_no_secret_is_told_and_the_environment_does_not_step_in(
    tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "card").write_bytes(content)
    with pytest.raises(SecretError, match=why):
        Secrets(ENVIRON, Sources(files={"CARD": tmp_path / "card"}))["CARD"]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"the secret CARD cannot be read from .*: No such file"):
        Secrets(ENVIRON, Sources(files={"CARD": tmp_path / "card"}))["CARD"]


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("no")
    (tmp_path / "folder").mkdir()
    assert Secrets({}, Sources(folder=tmp_path / "folder")).get("../outside") is None


async def test_a_command_prints_a_secret() -> None:
    secrets = Secrets(ENVIRON, Sources(commands={"CARD": printing("print('from a command')")}))
    before = secrets.get("CARD")
    await secrets.refresh()
    assert (before, secrets["CARD"]) == (None, "from a command")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (printing("import sys; print('half'); sys.exit(7)"), "ended with 7"),
        (("/no/such/program",), "cannot be run: /no/such/program"),
        (printing("pass"), "is empty"),
    ],
)
async def test_a_command_that_fails_says_so_and_nothing_of_what_it_printed(command: tuple[str, ...], why: str) -> None:
    with pytest.raises(SecretError, match=why) as raised:
        await Secrets({}, Sources(commands={"CARD": command})).refresh()
    assert "half" not in str(raised.value)


async def test_a_command_that_fails_later_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "card"
    file.write_text("first")
    command = printing(f"print(open({str(file)!r}).read())")
    secrets = Secrets({}, Sources(commands={"CARD": command}))
    await secrets.refresh()
    file.unlink()
    await secrets.refresh()
    assert secrets["CARD"] == "first"


def test_a_folder_that_cannot_be_looked_into_says_so(tmp_path: Path) -> None:
    name = "A" * 300
    with pytest.raises(SecretError, match=f"cannot be looked for in {tmp_path}: File name too long"):
        Secrets({}, Sources(tmp_path)).get(name)
