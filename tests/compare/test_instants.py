import pytest

from probe.compare.instants import spell_instant, spell_interval
from tests.compare.fleet import MINUTE, SINCE

DAY = 24 * 60 * MINUTE


def test_todays_instants_are_hours_and_minutes_and_others_have_their_date() -> None:
    assert spell_instant(SINCE, SINCE + MINUTE) == "13:00 UTC"
    assert spell_instant(SINCE - DAY, SINCE) == "2026-11-23 13:00 UTC"


@pytest.mark.parametrize(
    ("after", "before", "text"),
    [
        (SINCE, SINCE + 5 * MINUTE, "13:00–13:05 UTC"),
        (SINCE, SINCE + MINUTE // 2, "13:00 UTC"),
        (SINCE - DAY, SINCE - DAY + MINUTE, "2026-11-23 13:00–13:01 UTC"),
        (SINCE - DAY, SINCE, "2026-11-23 13:00–2026-11-24 13:00 UTC"),
    ],
)
def test_an_interval_says_no_more_than_it_must(after: int, before: int, text: str) -> None:
    assert spell_interval(after, before, SINCE + 10 * MINUTE) == text
