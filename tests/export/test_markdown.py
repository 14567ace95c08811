from msgspec.structs import replace

from probe.export.markdown import render_markdown
from tests.export.sample import FAILED, PASSED

EXPECTED = """\
## Gate

| | journey | verdict | duration | steps | slowest step |
|---|---|---|---:|---:|---|
| ✅ | checkout | passed | 1.50 s | 1/1 | browse (200 ms) |
| ❌ | checkout | failed | 1.50 s | 2/4 | browse (200 ms) |

**checkout › pay** — check: jsonpath $.status: expected equals "paid", got "declined"  \n\
at `journeys/checkout.yaml:49:30`  \n\
expected `equals "paid"`, got `"declined"`

⚠️ **checkout › pay** left a side effect: unknown, key `key-1`
"""


def test_a_summary_has_a_row_for_each_run_and_then_the_failures() -> None:
    assert render_markdown([PASSED, FAILED], "Gate") == EXPECTED


def test_hostile_names_are_harmless() -> None:
    page = render_markdown([replace(PASSED, journey="<script>|`*x")], "Gate")
    assert "\\<script\\>\\|\\`\\*x" in page
