from datetime import UTC, datetime

import pytest

from probe.export.answer import outcome_of, rest_ns
from probe.model.batch import Outcome, Result

S = 10**9
NOW = datetime(2026, 11, 2, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "statuses"),
    [
        (Result.REJECTED, [400, 413, 422]),
        (Result.RETRY, [408, 425, 429, 500, 502, 503, 504, 507, 511, 599]),
        (Result.PAUSED, [300, 301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 410, 415, 421]),
    ],
)
def test_only_what_blames_the_records_is_for_good(result: Result, statuses: list[int]) -> None:
    assert {status: outcome_of(status, {}, "", NOW).result for status in statuses} == dict.fromkeys(statuses, result)


def test_the_reason_is_what_the_other_side_said() -> None:
    answers = [
        outcome_of(400, {}, " line 3 is no record\n", NOW),
        outcome_of(503, {"Retry-After": "7"}, "", NOW),
        outcome_of(599, {}, "odd", NOW),
        outcome_of(302, {"Location": "https://elsewhere.example/login"}, "<html>", NOW),
        outcome_of(301, {}, "", NOW),
    ]
    assert answers == [
        Outcome(Result.REJECTED, "400 Bad Request: line 3 is no record"),
        Outcome(Result.RETRY, "503 Service Unavailable", 7 * S),
        Outcome(Result.RETRY, "599: odd"),
        Outcome(Result.PAUSED, "it redirects to https://elsewhere.example/login: is that its address?"),
        Outcome(Result.PAUSED, "it redirects to nowhere: is that its address?"),
    ]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120 * S),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "9" * 5000}, 3600 * S),
        ({"Retry-After": "Mon, 02 Nov 2026 12:02:00 GMT"}, 120 * S),
        ({"Retry-After": "Mon, 02 Nov 2026 11:00:00 GMT"}, None),
        ({"Retry-After": "Mon, 02 Nov 2026 12:02:00 -0000"}, 120 * S),
        ({"Retry-After": "Mon, 02 Nov 2027 12:02:00 GMT"}, 3600 * S),
        ({"Retry-After": "Mon, 99 Nov 2026 12:02:00 GMT"}, None),
    ],
)
def test_a_rest_is_asked_for_in_seconds_or_until_an_instant(headers: dict[str, str], expected: int | None) -> None:
    assert rest_ns(headers, NOW) == expected


def test_an_instant_is_by_the_other_sides_clock() -> None:
    headers = {"Retry-After": "Mon, 02 Nov 2026 08:00:30 GMT", "Date": "Mon, 02 Nov 2026 08:00:00 GMT"}
    assert rest_ns(headers, NOW) == 30 * S
