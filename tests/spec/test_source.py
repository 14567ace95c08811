import os
import subprocess
import sys
from pathlib import Path

import pytest

from probe.errors import SpecError
from probe.export.text import mistake_lines
from probe.spec.source import MAX_BYTES, Source, is_folder, read_source

SAVE = "    = save the file as UTF-8"
TEXT = "one\r\ntwo: 2\rthree\n\n  \n"


@pytest.fixture(autouse=True)
def _beside_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("start", "end", "place"),
    [
        (0, 3, (1, 1, 4, "one")),
        (2, None, (1, 3, 4, "one")),
        (5, 8, (2, 1, 4, "two: 2")),
        (10, 11, (2, 6, 7, "two: 2")),
        (12, 17, (3, 1, 6, "three")),
        (5, 17, (2, 1, 2, "two: 2")),
        (14, 14, (3, 3, 4, "three")),
        (len(TEXT), None, (3, 5, 6, "three")),
        (9999, 99999, (3, 5, 6, "three")),
    ],
)
def test_a_place_counts_lines_and_columns_as_editors_do(
    start: int, end: int | None, place: tuple[int, int, int, str]
) -> None:
    found = Source("a.yaml", TEXT).place(start, end)
    assert (found.line, found.column, found.end_column, found.text) == place


@pytest.mark.parametrize("text", ["", "\n", " \n\t"])
def test_a_file_without_text_has_its_mistakes_at_its_beginning(text: str) -> None:
    assert str(Source("a.yaml", text).place(5)) == "a.yaml:1:1"


def test_a_long_line_travels_along_in_part() -> None:
    assert Source("a.yaml", "x" * 100_000).place(3).text == "x" * 200


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a: \xc3\xa9\n", "a: é\n"),
        (b"\xef\xbb\xbfa: 1\n", "a: 1\n"),
        (b"#" * MAX_BYTES, "#" * MAX_BYTES),
        (b"", ""),
    ],
)
def test_a_file_of_up_to_1_mib_is_read_as_utf_8(data: bytes, text: str) -> None:
    Path("a.yaml").write_bytes(data)
    assert read_source(Path("a.yaml")).text == text


def _told(path: str) -> str:
    with pytest.raises(SpecError) as caught:
        read_source(Path(path))
    return "\n".join(line for mistake in caught.value.mistakes for line in mistake_lines(mistake))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            b"journey: caf\xe9\n",
            ["a.yaml:1:13: expected UTF-8 text, got the byte 0xe9", "  1 | journey: caf�", "    |             ^", SAVE],
        ),
        (
            b"\xef\xbb\xbfjourney: a\nsteps: \xff\n",
            ["a.yaml:2:8: expected UTF-8 text, got the byte 0xff", "  2 | steps: �", "    |        ^", SAVE],
        ),
        (
            "journey: a\n".encode("utf-16"),
            ["a.yaml:1:1: expected UTF-8 text, got the byte 0xff", "  1 | �", "    | ^", SAVE],
        ),
        (
            b"x" * 10 * MAX_BYTES,
            ["a.yaml:1:1: the file is larger than 1 MiB", "    = a journey is no place for data"],
        ),
    ],
    ids=["latin-1", "utf-8 with a mark", "utf-16", "10 MB"],
)
def test_a_file_that_is_no_text_of_ours_is_refused(data: bytes, told: list[str]) -> None:
    Path("a.yaml").write_bytes(data)
    assert _told("a.yaml") == "\n".join(told)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("none.yaml", "none.yaml:1:1: there is no such file\n    = check the path"),
        ("folder", "folder:1:1: expected a journey file, got a directory\n    = name a file in it"),
        ("file/a.yaml", "file/a.yaml:1:1: the file cannot be read: Not a directory"),
        ("x" * 300, f"{'x' * 300}:1:1: the file cannot be read: File name too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_reason(path: str, told: str) -> None:
    Path("folder").mkdir()
    Path("file").touch()
    assert _told(path) == told


READ_AS_NOBODY = """\
import os, sys
from pathlib import Path
from probe.errors import SpecError
from probe.export.text import mistake_lines
from probe.spec.load import load_journeys
try:
    load_journeys([Path("none.yaml")])  # everything is imported while this may be read
except SpecError as error:
    "\\n".join(mistake_lines(error.mistakes[0]))
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    load_journeys([Path(sys.argv[1])])
except SpecError as error:
    print("\\n".join(mistake_lines(error.mistakes[0])))
"""


@pytest.mark.parametrize("path", ["locked.yaml", "locked/a.yaml"])
def test_a_file_without_permission_is_told_with_what_to_do(path: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Path("locked").mkdir(mode=0o755)
    Path(path).touch()
    for locked in ("locked.yaml", "locked"):
        if Path(locked).exists():
            Path(locked).chmod(0)
    ended = subprocess.run([sys.executable, "-c", READ_AS_NOBODY, path], capture_output=True, text=True, check=False)
    Path("locked").chmod(0o755)
    if "os.setuid" in ended.stderr or "os.setg" in ended.stderr:
        pytest.skip("root may read any file here, and may not become another user")
    told = f"{path}:1:1: no permission to read the file\n    = try: chmod +r {Path(path).name}\n"
    assert (ended.stdout, ended.stderr) == (told, "")


def test_what_may_not_be_asked_is_no_folder() -> None:
    assert [is_folder(Path(path)) for path in (os.curdir, "none", "x" * 300)] == [True, False, False]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    with pytest.raises(SpecError) as caught:
        read_source(pipe)
    assert caught.value.mistakes[0].message == "expected a journey file, got a pipe or a device"
