import pytest

from probe.compare.result import RegionSummary, RegionVerdict
from probe.compare.summary import middle, percentile_95, summarise
from probe.compare.verdict import Standing
from tests.compare.fleet import MINUTE, MS, SINCE, facts, sample, step


def test_latency_is_of_passed_runs_that_are_not_suspect() -> None:
    runs = [
        sample(0, {"pay": step(tls=10)}),
        sample(1, {"pay": step(tls=20)}),
        sample(2, {"pay": step(tls=900)}, suspect=True),
        sample(3, {"pay": step(tls=900)}, cause="status"),
        sample(4, {"pay": step(tls=900)}, cause="agent", verdict="errored"),
    ]
    assert summarise(facts("eu", runs), Standing(RegionVerdict.UP, "why")) == RegionSummary(
        "eu", RegionVerdict.UP, 5, 3, 1, 1, 1, 15 * MS, 20 * MS, SINCE + 60 * MINUTE, "why"
    )


@pytest.mark.parametrize(("count", "p95"), [(0, None), (1, 1.0), (19, 19.0), (20, 19.0), (100, 95.0)])
def test_the_95th_percentile_is_a_measured_value(count: int, p95: float | None) -> None:
    assert percentile_95(range(1, count + 1)) == p95


def test_the_middle_of_nothing_is_nothing() -> None:
    assert (middle([]), middle([1, 2])) == (None, 1.5)
