"""The JSONPath compliance test suite: every case of RFC 9535, run through the journeys' own reader of paths."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from probe.evaluate.jsonpath import PathError, compile_jsonpath, find_all
from probe.evaluate.value import same

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("PROBE_CONFORMANCE_DIR") or ROOT.parent / "shared" / "conformance")
SUITE = FOLDER / "jsonpath" / "cts.json"


def test_every_case_of_the_compliance_suite_passes(capsys: pytest.CaptureFixture[str]) -> None:
    if not SUITE.is_file():
        pytest.skip(f"{SUITE} is not there; PROBE_CONFORMANCE_DIR says where the suite is")
    cases = json.loads(SUITE.read_text())["tests"]
    failed = [case["name"] for case in cases if not _passes(case)]
    with capsys.disabled():
        print(f"\nRFC 9535: {len(cases) - len(failed)} of {len(cases)} cases pass")
    assert cases
    assert failed == []


def _passes(case: dict[str, Any]) -> bool:
    try:
        compile_jsonpath(case["selector"])
    except PathError:
        return bool(case.get("invalid_selector"))
    if case.get("invalid_selector"):
        return False
    values, _ = find_all(case["selector"], case["document"])
    return any(same(values, expected) for expected in case.get("results") or [case["result"]])
