import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.duration import LONGEST, NANOSECONDS, Duration, format_duration, parse_duration

_PARTS = st.tuples(st.integers(0, 9), st.sampled_from(list(NANOSECONDS)))


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("500ms", 500_000_000),
        ("2s", 2_000_000_000),
        ("1m30s", 90_000_000_000),
        ("12h", 43_200_000_000_000),
        ("366d", 366 * 86_400_000_000_000),
        ("0.5s", 500_000_000),
        ("1.000001ms", 1_000_001),
        ("0s", 0),
        ("30s1m", 90_000_000_000),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "s",
        "1 s",
        " 1s",
        "1s ",
        "-1s",
        "+1s",
        "1sec",
        "1S",
        ".5s",
        "1.s",
        "1e3s",
        "12:30",
        "1_000s",
        "٣s",
        "²s",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="a number and a unit, such as 500ms"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["366.001d", "367d", "9" * 90 + "s"])
def test_nothing_lasts_longer_than_a_year(text: str) -> None:
    with pytest.raises(ValueError, match="at most 366d"):
        parse_duration(text)


@given(st.integers(0, LONGEST))
def test_a_duration_in_a_text_reads_back_as_itself(nanoseconds: int) -> None:
    assert parse_duration(str(Duration(nanoseconds))) == nanoseconds


@given(st.lists(_PARTS, min_size=1, max_size=5))
def test_the_parts_of_a_duration_add_up(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_duration(text) == sum(number * NANOSECONDS[unit] for number, unit in parts)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0.00 µs"),
        (812, "0.81 µs"),
        (9_994, "9.99 µs"),
        (9_996, "10.0 µs"),
        (812_000, "812 µs"),
        (999_499, "999 µs"),
        (999_500, "1.00 ms"),
        (12_345_678, "12.3 ms"),
        (999_600_000, "1.00 s"),
        (2_040_000_000, "2.04 s"),
        (59_960_000_000, "60.0 s"),
        (99_400_000_000, "99.4 s"),
        (99_600_000_000, "1 m 40 s"),
        (200_000_000_000, "3 m 20 s"),
        (3_600_000_000_000, "60 m 00 s"),
    ],
)
def test_a_person_reads_three_digits(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text
