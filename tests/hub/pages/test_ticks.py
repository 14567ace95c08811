from probe.hub.pages.ticks import COUNT, Stroke, Ticks, ticks
from tests.hub.pages.compared import MS, sample
from tests.hub.records import MINUTE, NOW


def test_a_tick_is_as_tall_as_its_run_was_long_and_a_bad_one_is_the_tallest() -> None:
    runs = [sample(NOW, duration_ns=50 * MS), sample(NOW + MINUTE, "failed"), sample(NOW + 2 * MINUTE, "errored")]
    assert ticks([*runs, sample(NOW + 3 * MINUTE)]) == Ticks(
        (Stroke("passed", "M2 20v-8M14 20v-13"), Stroke("failed", "M6 20v-19"), Stroke("errored", "M10 20v-19")),
        "The last 4 runs: 2 passed, 1 failed, 1 errored",
    )


def test_only_the_latest_runs_are_drawn() -> None:
    runs = [sample(NOW, "failed"), *(sample(NOW + number * MINUTE) for number in range(1, COUNT + 1))]
    assert ticks(runs).words == f"The last {COUNT} runs: {COUNT} passed"


def test_no_runs_are_no_ticks() -> None:
    assert ticks([]).strokes == ()
