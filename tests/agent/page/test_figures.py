from datetime import UTC, datetime, timedelta

import pytest

from probe.agent.page.figures import ago, counted, span_text

NOW = datetime(2026, 1, 31, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(0), "now"),
        (timedelta(milliseconds=-900), "now"),
        (timedelta(seconds=-59), "59 s ago"),
        (timedelta(seconds=-60), "1 min ago"),
        (timedelta(hours=-47), "1 d ago"),
        (timedelta(seconds=42.9), "in 42 s"),
    ],
)
def test_an_instant_is_told_from_now(away: timedelta, words: str) -> None:
    assert f">{words}</time>" in ago(NOW + away, NOW)


def test_an_instant_can_be_read_exactly_too() -> None:
    assert ago(NOW, NOW) == '<time datetime="2026-01-31T12:05:00Z" title="2026-01-31 12:05:00 UTC">now</time>'


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (3599, "59 min"), (3600, "1 h"), (863_999, "9 d")])
def test_a_span_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert span_text(timedelta(seconds=seconds)) == text


def test_one_is_not_many() -> None:
    assert [counted(1, "batch", "batches"), counted(2, "batch", "batches"), counted(1200, "run")] == [
        "1 batch",
        "2 batches",
        "1,200 runs",
    ]
