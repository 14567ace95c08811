from pathlib import Path

import pytest

from probe.cli.reports import Reports
from probe.errors import OutputError, UsageError
from tests.export.sample import FAILED, PASSED


def test_each_report_goes_to_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / "new" / name for name in ("runs.json", "junit.xml", "summary.md")]
    Reports(json_path=paths[0], junit_path=paths[1], markdown_path=paths[2]).write([PASSED, FAILED], title="Gate")
    assert [len(path.read_text().splitlines()) > 1 for path in paths] == [True, True, True]
    assert capsys.readouterr().out.endswith("2 runs of 1 journey: 1 passed, 1 failed\nGate\n")


def test_json_on_stdout_sends_the_rest_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Reports(json_path=Path("-")).write([PASSED])
    out, err = capsys.readouterr()
    assert out.startswith('{"run_id":')
    assert err.startswith("✓ passed  checkout")


def test_a_summary_is_appended(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    Reports(summary_path=str(summary), quiet=True).write([PASSED], title="Gate")
    assert summary.read_text().startswith("before\n## Gate\n")


def test_a_folder_as_report_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; name a file"):
        Reports(junit_path=tmp_path)


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"the report .*/file/j\.xml could not be written"):
        Reports(junit_path=tmp_path / "file" / "j.xml", quiet=True).write([PASSED])
