from pathlib import Path

from probe.safety.switch import allow, reason_of, stop, stopped_by


def test_writes_are_stopped_while_the_file_is_there(tmp_path: Path) -> None:
    file = tmp_path / "stop-writes"
    before = stopped_by(file)
    file.touch()
    during = stopped_by(file)
    file.unlink()
    assert (before, during, stopped_by(file)) == ("", f"writes are stopped: {file} is there", "")


def test_a_link_to_nothing_stops_them_too(tmp_path: Path) -> None:
    (tmp_path / "stop-writes").symlink_to(tmp_path / "nothing")
    assert stopped_by(tmp_path / "stop-writes")


def test_what_cannot_be_looked_for_stops_them_too(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be looked for" in stopped_by(tmp_path / "file" / "stop-writes")


def test_a_reason_that_is_in_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "stop-writes"
    stop(file, "the warehouse is upset")
    stopped = stopped_by(file)
    allow(file)
    allow(file)
    assert (stopped, stopped_by(file), list(tmp_path.iterdir())) == (
        "writes are stopped: the warehouse is upset",
        "",
        [],
    )


def test_whatever_is_in_it_is_one_short_line(tmp_path: Path) -> None:
    (tmp_path / "stop-writes").write_bytes(b"a  \xff\x00 b\nmore " + b"x" * 10_000)
    assert reason_of(tmp_path / "stop-writes") == "a \ufffd\x00 b"
