from pathlib import Path

from probe.safety.switch import stopped_by


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
