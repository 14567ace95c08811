import subprocess
from pathlib import Path

import pytest

from tests.cli.process import ROOT
from tests.programs import require_program

INSTALL = ROOT / ".ci" / "programs"


def test_a_program_that_is_there_is_found() -> None:
    assert require_program("sh").name == "sh"


def test_a_test_without_its_program_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed; as root on Debian, make"):
        require_program("no-such-program")


def test_in_ci_a_program_that_is_missing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        require_program("no-such-program")


@pytest.mark.parametrize(("user", "apt"), [(1000, True), (0, False)])
def test_who_cannot_install_is_told_what_is_missing(tmp_path: Path, user: int, apt: bool) -> None:
    ended = _install(tmp_path, user=user, apt="echo never >&2" if apt else None)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.startswith("programs: not installed: chromium prometheus ")
    assert ended.stderr.endswith("; as root on Debian, make programs installs them\n")


def _install(folder: Path, *, user: int, apt: str | None) -> subprocess.CompletedProcess[str]:
    """The script on a machine with nothing on it but these."""
    for name, does in {"id": f"echo {user}", "apt-get": apt}.items():
        if does is not None:
            (folder / name).write_text(f"#!/bin/sh\n{does}\n")
            (folder / name).chmod(0o700)
    return subprocess.run(["/bin/sh", INSTALL], env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
