from probe.export.json import render_json
from probe.model.codec import decode_run
from tests.export.sample import FAILED, PASSED


def test_each_run_is_a_line_that_reads_back() -> None:
    lines = render_json([PASSED, FAILED]).splitlines()
    assert [decode_run(line.encode()) for line in lines] == [PASSED, FAILED]
