"""Every file of `tests/journeys/broken/` beside the exact text a person gets for it.

To write the texts anew, and then read each of them in the diff:

    PROBE_UPDATE_GOLDENS=1 .venv/bin/python -m pytest tests/spec/test_broken.py
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from probe.errors import SpecError
from probe.export.text import mistake_lines
from probe.model.place import Mistake
from probe.spec.load import load_journeys

BROKEN = Path(__file__).parents[1] / "journeys" / "broken"
FILES = sorted(path.name for path in BROKEN.glob("*.yaml"))


@pytest.fixture(autouse=True)
def _beside_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)


@pytest.mark.parametrize("name", FILES)
def test_each_broken_journey_is_told_as_written_beside_it(name: str) -> None:
    golden = Path(name).with_suffix(".err")
    told = _told(Path(name))
    if os.environ.get("PROBE_UPDATE_GOLDENS"):
        golden.write_text(told)
    assert told == golden.read_text()


def test_probe_check_tells_all_files_and_ends_with_2() -> None:
    ended = subprocess.run([sys.executable, "-m", "probe", "check", "."], capture_output=True, text=True, check=False)
    texts = [Path(name).with_suffix(".err").read_text().rpartition("\n\n")[0] for name in FILES]
    count = sum(len(_mistakes(Path(name))) for name in FILES)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "\n\n".join([*texts, f"{count} mistakes\n"]))


def test_there_are_many_and_each_text_has_its_journey() -> None:
    assert len(FILES) >= 55
    assert sorted(path.stem for path in BROKEN.iterdir()) == sorted([Path(name).stem for name in FILES] * 2)


def _told(path: Path) -> str:
    mistakes = _mistakes(path)
    count = f"{len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'}"
    return "".join("\n".join([*mistake_lines(mistake), "\n"]) for mistake in mistakes) + f"{count}\n"


def _mistakes(path: Path) -> tuple[Mistake, ...]:
    with pytest.raises(SpecError) as caught:
        load_journeys([path])
    return caught.value.mistakes
