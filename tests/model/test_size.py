import pytest

from probe.model.size import format_size, parse_size


@pytest.mark.parametrize(("text", "size"), [("1KiB", 1024), ("64MiB", 2**26), ("2GiB", 2**31)])
def test_a_size_has_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["64", "64MB", "0MiB", "1.5GiB", "-1MiB", "1 MiB", ""])
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="such as 64MiB or 1GiB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KiB"),
        (34_567, "33.8 KiB"),
        (102_348, "99.9 KiB"),
        (102_400, "100 KiB"),
        (2**28, "256 MiB"),
        (5 * 2**40, "5120 GiB"),
    ],
)
def test_a_size_is_told_in_three_digits(count: int, text: str) -> None:
    assert format_size(count) == text
