import pytest
from msgspec.structs import replace

from probe.compare.result import Difference
from probe.hub.pages.heat import HeatCell, HeatRow, Interval, heat_rows, signed
from tests.hub.pages.compared import EVEN, MS, SLOWER, cell, comparison


def test_a_cell_says_how_much_how_sure_and_how_strong() -> None:
    assert heat_rows(comparison()) == (
        HeatRow(
            "pay",
            (
                HeatCell(
                    region="eu-west-1",
                    median="990 ms",
                    p95="1.20 s",
                    runs=56,
                    tone="slow-3",
                    shift="+212 ms",
                    share="+34 %",
                    confidence="95 % CI +180 ms to +244 ms, 56 pairs",
                    interval=Interval(86.89, 93.44, 100.0),
                ),
                HeatCell(
                    region="us-east-1",
                    median="990 ms",
                    p95="1.20 s",
                    runs=56,
                    shift="−3.00 ms",
                    share="−1 %",
                    confidence="95 % CI −8.00 ms to +2.00 ms, 56 pairs",
                    interval=Interval(48.36, 49.39, 50.41),
                ),
            ),
        ),
    )


def test_the_strength_follows_the_share_and_the_sign() -> None:
    tones = [
        heat_rows(replace(comparison(), cells=(cell("eu-west-1", replace(SLOWER, share=share, shift_ns=share * MS)),)))
        for share in (0.05, 0.2, 0.4, -0.05, -0.4)
    ]
    found = [row.cells[0].tone for rows in tones for row in rows if row.cells[0]]
    assert found == ["slow-1", "slow-2", "slow-3", "fast-1", "fast-3"]


def test_too_little_data_is_said_and_not_guessed() -> None:
    rows = heat_rows(replace(comparison(), cells=(cell("eu-west-1", None, "not enough data: 12 of 30 slots"),)))
    assert rows[0].cells == (
        HeatCell("eu-west-1", "990 ms", "1.20 s", 56, note="not enough data: 12 of 30 slots"),
        None,
    )


def test_an_early_difference_says_so() -> None:
    rows = heat_rows(replace(comparison(), cells=(cell("eu-west-1", replace(EVEN, early=True)),)))
    assert rows[0].cells[0] is not None
    assert rows[0].cells[0].confidence.endswith(", early: few runs")


def test_a_difference_has_its_sign() -> None:
    assert [signed(value * MS) for value in (12.0, -12.0, 0.0)] == ["+12.0 ms", "−12.0 ms", "±0.00 µs"]


@pytest.mark.parametrize(("difference", "tone"), [(EVEN, "slow-3"), (SLOWER, "slow-3"), (None, "slow-3")])
def test_what_became_slower_than_it_was_is_coloured_and_dated(difference: Difference | None, tone: str) -> None:
    risen = replace(cell("eu-west-1", difference), rise=replace(SLOWER, share=0.6, shift_ns=180.0 * MS))
    (row,) = heat_rows(replace(comparison(), cells=(risen,)))
    assert row.cells[0] is not None
    assert (row.cells[0].tone, row.cells[0].rise) == (tone, "+180 ms since 07:30–07:36 UTC")


def test_a_rise_that_may_be_chance_is_not_shown() -> None:
    unsure = replace(cell("eu-west-1", EVEN), rise=replace(SLOWER, significant=False))
    (row,) = heat_rows(replace(comparison(), cells=(unsure,)))
    assert row.cells[0] is not None
    assert (row.cells[0].tone, row.cells[0].rise) == ("even", "")
