import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.export.base import Surroundings
from probe.export.jsonl import Config, append, open_session, send
from probe.model.batch import ACKED, Batch, Outcome, Result
from probe.model.record import encode_record
from probe.spec.decode import Decoder
from probe.spec.load import READERS
from tests.spec.reading import node
from tests.spool.spooled import record, records

LINES = tuple(encode_record(each) for each in records(range(1, 6)))
MORE = tuple(encode_record(each) for each in records(range(6, 9)))


def _content(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.jsonl"


async def test_batches_follow_one_another_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    config = Config("out/runs.jsonl")
    async with open_session(config, Surroundings({}, tmp_path, "probe")) as session:
        outcomes = [await send(config, Batch("jsonl", 1, 5, lines), session) for lines in (LINES, MORE)]
    assert (outcomes, (tmp_path / "out/runs.jsonl").read_bytes()) == ([ACKED, ACKED], _content(*LINES, *MORE))


def test_the_file_is_nobody_elses_business(file: Path) -> None:
    append(file, LINES)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("before", [b"", _content(*MORE)])
def test_wherever_a_try_was_cut_off_the_next_one_completes_it(file: Path, before: bytes) -> None:
    whole = before + _content(*LINES)
    for end in {*range(len(before), len(whole), 13), *range(len(before), len(before) + 12), len(whole) - 1, len(whole)}:
        file.write_bytes(whole[:end])
        assert append(file, LINES) == ACKED
        assert file.read_bytes() == whole


def test_a_line_that_was_cut_off_is_removed_whatever_batch_comes_next(file: Path) -> None:
    """The batch it was of may have been dropped meanwhile; it may have been a long one."""
    long = encode_record(record(1, filling="x" * 200_000))
    file.write_bytes(_content(*MORE) + long[:-1])
    append(file, LINES[:1])
    assert file.read_bytes() == _content(*MORE, LINES[0])


def test_zeros_that_a_power_loss_left_are_removed(file: Path) -> None:
    file.write_bytes(_content(*MORE) + bytes(4096))
    append(file, LINES)
    assert file.read_bytes() == _content(*MORE, *LINES)


def test_what_somebody_else_wrote_stays(file: Path) -> None:
    file.write_bytes(b"# no newline")
    append(file, LINES)
    assert file.read_bytes() == b"# no newline\n" + _content(*LINES)


def test_a_file_that_was_moved_away_is_begun_anew(file: Path) -> None:
    append(file, LINES)
    file.rename(file.with_suffix(".1"))
    append(file, MORE)
    assert (file.with_suffix(".1").read_bytes(), file.read_bytes()) == (_content(*LINES), _content(*MORE))


def test_two_do_not_write_at_once(file: Path) -> None:
    with file.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        outcome = append(file, LINES)
    reason = f"{file} is being written to by another process, or by a try before this one"
    assert (outcome, file.read_bytes()) == (Outcome(Result.RETRY, reason), b"")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", Outcome(Result.PAUSED, "{folder}/ cannot be opened: Is a directory")),
        ("file/runs.jsonl", Outcome(Result.PAUSED, "{folder}/file/runs.jsonl cannot be opened: Not a directory")),
        ("x" * 300, Outcome(Result.RETRY, "{folder}/" + "x" * 300 + " cannot be opened: File name too long")),
    ],
)
def test_a_path_that_cannot_be_written_is_told(tmp_path: Path, path: str, expected: Outcome) -> None:
    (tmp_path / "file").touch()
    outcome = append(tmp_path / path, LINES)
    reason = expected.reason.replace("{folder}/ ", "{folder} ").format(folder=tmp_path)
    assert outcome == Outcome(expected.result, reason)


LIMITED = """
import resource, sys
from pathlib import Path
from probe.export.jsonl import append
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
print(append(Path(sys.argv[1]), tuple(sys.stdin.buffer.read().splitlines())))
"""


def test_on_a_full_disk_nothing_is_half_written(file: Path) -> None:
    """The limit of a file's size stands for the disk's: the kernel takes a part of the write and refuses the rest."""
    append(file, MORE)
    limit = len(_content(*MORE, *LINES[:2])) + 10
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(file), str(limit)], input=_content(*LINES), capture_output=True, check=True
    )
    assert (b"Result.RETRY" in ran.stdout, b"File too large" in ran.stdout) == (True, True)
    assert file.read_bytes() == _content(*MORE)
    assert (append(file, LINES), file.read_bytes()) == (ACKED, _content(*MORE, *LINES))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_is_waited_for(small_disk: Path) -> None:
    file = small_disk / "runs.jsonl"
    append(file, MORE)
    filling = small_disk / "filling"
    filling.write_bytes(bytes(56 * 1024))
    long = (encode_record(record(1, filling="x" * 10_000)),)
    full = append(file, long)
    kept = file.read_bytes()
    filling.unlink()
    assert (full, kept) == (
        Outcome(Result.RETRY, f"{file} cannot be written: No space left on device"),
        _content(*MORE),
    )
    assert (append(file, long), file.read_bytes()) == (ACKED, _content(*MORE, *long))


def test_a_configuration_names_a_file() -> None:
    decoder = Decoder(READERS, [])
    decoder.read_struct(Config, node("{path: ''}"))
    assert [mistake.message for mistake in decoder.mistakes] == ["expected a file"]


def test_no_lines_ask_whether_the_file_could_be_written_and_leave_none(tmp_path: Path) -> None:
    there, nowhere = tmp_path / "new" / "runs.jsonl", Path("/proc/1/x/runs.jsonl")
    assert append(there, ()) == ACKED
    assert append(nowhere, ()).result is Result.PAUSED
    assert list(tmp_path.iterdir()) == []
