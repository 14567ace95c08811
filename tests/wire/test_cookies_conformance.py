"""The cases for RFC 6265 clients: what they receive, and what they must then send."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from probe.wire.cookies import CookieJar
from probe.wire.set_cookie import read_date

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("PROBE_CONFORMANCE_DIR") or ROOT.parent / "shared" / "conformance") / "cookies"
THEN = datetime(2017, 1, 1, tzinfo=UTC)
"""Some of the cases' dates have passed since."""


def test_every_case_of_the_parser_passes(capsys: pytest.CaptureFixture[str]) -> None:
    cases = _cases("parser.json")
    failed = [case["test"] for case in cases if _sent(case) != [(each["name"], each["value"]) for each in case["sent"]]]
    with capsys.disabled():
        print(f"\nRFC 6265: {len(cases) - len(failed)} of {len(cases)} cases pass")
    assert failed == []


def test_every_date_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    cases = _cases("dates.json")
    failed = [case["test"] for case in cases if read_date(case["test"]) != _date(case["expected"])]
    with capsys.disabled():
        print(f"\nRFC 6265: {len(cases) - len(failed)} of {len(cases)} dates are read")
    assert failed == []


def _cases(name: str) -> list[dict[str, Any]]:
    file = FOLDER / name
    if not file.is_file():
        pytest.skip(f"{file} is not there; PROBE_CONFORMANCE_DIR says where the cases are")
    cases: list[dict[str, Any]] = json.loads(file.read_text())
    assert cases
    return cases


def _sent(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    test = case["test"].lower()
    asked = URL(f"http://home.example.org:8888/cookie-parser?{test}")
    jar = CookieJar(lambda: THEN)
    jar.take(case["received"], asked)
    then = asked.join(URL(case.get("sent-to", f"/cookie-parser-result?{test}")))
    return [(cookie.name, cookie.value) for cookie in jar.matching(then)]


def _date(text: str | None) -> datetime | None:
    return None if text is None else parsedate_to_datetime(text)
