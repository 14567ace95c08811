import os
from pathlib import Path
from typing import Any

import pytest

from probe.errors import SpecError
from probe.model.file import File
from probe.model.size import Size
from probe.spec.load import load_journey
from probe.steps.http_multipart import Part, Parts
from tests.spec.reading import read_as, spelled


def wrong_file(folder: Path, name: str) -> list[str]:
    journey = folder / "j.yaml"
    journey.write_text(f'journey: j\nsteps:\n- {{name: s, http: {{put: "http://x/", file: {name}}}}}\n')
    try:
        load_journey(journey)
    except SpecError as error:
        return [spelled(mistake).replace(str(folder), "FOLDER") for mistake in error.mistakes]
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bin").write_bytes(b"1")
    (tmp_path / "inner").mkdir()
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.bin", None),
        ("./inner/../a.bin", None),
        ("b.bin", "there is no file FOLDER/b.bin"),
        ("inner/a.bin", "there is no file FOLDER/inner/a.bin"),
        ("inner", "FOLDER/inner is no file"),
        ("pipe", "FOLDER/pipe is no file"),
        ('"${x}"', "expected plain text, got a template"),
        ('"a\\0b"', "there is no file FOLDER/a\0b"),
        ("[a.bin]", "expected text, got a list"),
    ],
)
def test_a_file_is_looked_for_when_the_journey_is_loaded(folder: Path, name: str, message: str | None) -> None:
    found = wrong_file(folder, name)
    assert [each.partition(": ")[2] for each in found] == ([] if message is None else [message])
    assert all(each.startswith("3:") for each in found)


def test_a_file_that_nobody_may_read_is_said(folder: Path) -> None:
    (folder / "a.bin").chmod(0)
    if os.access(folder / "a.bin", os.R_OK):
        pytest.skip("this user may read everything")
    assert wrong_file(folder, "a.bin") == ["3:44 a.bin: no permission to read FOLDER/a.bin"]


def _plain(parts: Parts) -> list[dict[str, Any]]:
    names = ("file", "text", "type", "filename")
    values = ({name: getattr(part, name) for name in names} for part in parts)
    return [
        {name: getattr(each, "literal", getattr(each, "name", None)) for name, each in part.items() if each is not None}
        for part in values
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.10", [{"text": "1.10"}]),
        ("{text: a, type: text/csv}", [{"text": "a", "type": "text/csv"}]),
        ("[a, {text: b, filename: c}]", [{"text": "a"}, {"text": "b", "filename": "c"}]),
        ("[]", []),
    ],
)
def test_a_part_is_a_text_or_says_what_it_is(text: str, parts: list[dict[str, str]]) -> None:
    assert _plain(read_as(Parts, text)) == parts


def test_a_part_can_be_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (part,) = read_as(Parts, "{file: a.bin}")
    assert isinstance(part, Part)
    assert isinstance(part.file, File)
    assert part.file.path.read_bytes() == b"1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "a part is either a file or a text ({file: photo.jpg} or {text: …})"),
        ("{text: a, files: b}", "unknown key files (did you mean file?)"),
        ("[[a]]", "expected a mapping with keys such as file, text, type, got a list ()"),
    ],
)
def test_what_is_no_part_is_said(text: str, message: str) -> None:
    assert read_as(Parts, text) == [message]


def test_a_size_has_a_unit() -> None:
    assert read_as(Size, "10MiB") == 10 * 2**20


@pytest.mark.parametrize("text", ["10MB", "10", "[]"])
def test_anything_else_is_no_size(text: str) -> None:
    assert read_as(Size, text)[0].startswith("expected a size, got ")
