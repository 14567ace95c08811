from msgspec.structs import replace

from probe.compare.result import Contribution
from probe.hub.pages.bars import Bar, StepBars, phases_in, step_bars
from probe.hub.pages.figure import Segment, Tick
from probe.model.timing import Phase
from tests.hub.pages.compared import MS, SLOWER, cell, comparison


def test_all_regions_of_a_step_are_drawn_on_one_scale() -> None:
    half = replace(cell("us-east-1"), phases={Phase.PROCESSING: 500.0 * MS})
    assert step_bars(replace(comparison(), cells=(cell("eu-west-1", SLOWER), half))) == (
        StepBars(
            "pay",
            (
                Bar(
                    "eu-west-1",
                    "1.00 s",
                    (
                        Segment("tls", 0, 25, "tls 250 ms, 25 %"),
                        Segment("processing", 25, 75, "processing 750 ms, 75 %"),
                    ),
                    "tls +200 ms",
                    significant=True,
                ),
                Bar(
                    "us-east-1",
                    "500 ms",
                    (Segment("processing", 0, 50, "processing 500 ms, 100 %"),),
                    "processing 100 %",
                    significant=False,
                ),
            ),
            (Tick(0, "0"), Tick(50, "500 ms"), Tick(100, "1 s")),
        ),
    )


def test_a_step_that_was_measured_nowhere_has_no_bars() -> None:
    empty = replace(comparison(), cells=(replace(cell("eu-west-1"), phases={}),))
    assert (step_bars(empty), phases_in(empty)) == ((), ())


def test_the_legend_has_the_phases_in_their_order() -> None:
    assert phases_in(comparison()) == (Phase.TLS, Phase.PROCESSING)


def test_what_makes_a_region_faster_is_named_too() -> None:
    parts = (Contribution(Phase.TLS, 5.0 * MS), Contribution(Phase.CONNECT, -90.0 * MS))
    faster = replace(SLOWER, shift_ns=-85.0 * MS, contributions=parts)
    (bars,) = step_bars(replace(comparison(), cells=(cell("eu-west-1", faster),)))
    assert bars.bars[0].note == "connect −90.0 ms"
