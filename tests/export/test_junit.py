from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from probe.export.junit import render_junit
from probe.model.result import Run
from tests.export.sample import DECLINED, FAILED, NOT_STARTED, PASSED, PAY

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("junit.rng")))
HOSTILE = replace(
    PASSED, journey="a\x00b & <c>", steps=(replace(PAY, failure=replace(DECLINED, message="\ud800\x1b]]>")),)
)


@pytest.mark.parametrize("runs", [[], [PASSED], [PASSED, FAILED, NOT_STARTED], [HOSTILE]])
def test_the_schemas_in_common_use_accept_it(runs: list[Run]) -> None:
    SCHEMA.assertValid(etree.fromstring(render_junit(runs).encode()))


def test_a_failure_has_its_cause_and_place() -> None:
    failure = etree.fromstring(render_junit([FAILED]).encode()).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "check"
    assert "at journeys/checkout.yaml:49:30" in (failure.text or "")


def test_cases_are_counted_by_what_became_of_them() -> None:
    suites = etree.fromstring(render_junit([FAILED, NOT_STARTED]).encode())
    counts = [tuple(suite.get(name) for name in ("tests", "failures", "errors", "skipped")) for suite in suites]
    assert counts == [("4", "1", "0", "1"), ("2", "0", "1", "1")]


def test_the_phases_are_in_the_output() -> None:
    output = etree.fromstring(render_junit([PASSED]).encode()).findtext(".//system-out")
    assert output == (
        "browse: passed, attempts 1, seconds: resolve 0.010000  connect 0.020000  tls 0.030000  send 0.001000"
        "  processing 0.100000  transfer 0.030000  other 0.009000"
    )
