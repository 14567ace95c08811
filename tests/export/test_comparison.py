from collections.abc import Callable

import click
import pytest
from msgspec.structs import replace

from probe.compare.result import Comparison, RegionFacts, StepSample
from probe.export.comparison import comparison_lines
from probe.export.console import View
from probe.export.text import cells
from tests.compare.fleet import compare, facts, sample, step


def region(name: str, *, tls: float | Callable[[int], float] = 30, slots: int = 60, fails: bool = False) -> RegionFacts:
    def steps(slot: int) -> dict[str, StepSample]:
        extra = tls(slot) if callable(tls) else tls
        browse = {"browse": step(connect=20, tls=extra, processing=80, send=slot % 3)}
        return browse if fails else {**browse, "pay": step(processing=200, transfer=slot % 5)}

    bad = {"cause": "status", "failed": "pay", "reason": "HTTP 500"} if fails else {}
    runs = [sample(slot, steps(slot), **bad, suspect=slot == 7) for slot in range(slots)]  # type: ignore[arg-type]
    return facts(name, runs, heard_slot=slots)


FOUR = compare(
    region("eu-west-1", tls=242),
    region("us-east-1"),
    region("sa-east-1", fails=True),
    region("ap-southeast-1", slots=12),
)
REPORT = """\
✗ checkout works in 2 of 4 regions, 1 is down, 1 is silent.
  checkout · 13:00–14:00 UTC · 192 runs (4 of them not compared)
  • "pay" is down in sa-east-1: HTTP 500; it works in 2 other regions.
  • ap-southeast-1 is silent since 13:12 UTC; it is neither up nor down.

  region          verdict       runs   passed      p50      p95  last heard
  eu-west-1       ✓ up            60    100 %   545 ms   548 ms  14:00 UTC
  us-east-1       ✓ up            60    100 %   333 ms   336 ms  14:00 UTC
  sa-east-1       ✗ down          60      0 %        –        –  14:00 UTC
                  5 of its last 5 runs failed (HTTP 500 on "pay")
  ap-southeast-1  – silent        12    100 %   333 ms   335 ms  13:12 UTC

  step and region     median  phases                beside the others
  browse
    eu-west-1         343 ms  cttttttttttttttppppp  ▲  +212 ms  +162 %  tls
    us-east-1         131 ms  cttppppp                   +0 ms    +0 %
    sa-east-1         131 ms  cttppppp                   +0 ms    +0 %
    ap-southeast-1    131 ms  cttppppp              not enough data: 11 of 30 slots
  pay
    eu-west-1         202 ms  pppppppppppp               +0 ms    +0 %
    us-east-1         202 ms  pppppppppppp               +0 ms    +0 %
    sa-east-1              –                        never passed
    ap-southeast-1    201 ms  pppppppppppp          not enough data: 11 of 30 slots
    c connect  t tls  s send  p processing  x transfer
"""


def text(comparison: Comparison, **how: object) -> str:
    return "\n".join(comparison_lines(comparison, View(**how))) + "\n"  # type: ignore[arg-type]


def test_a_comparison_reads_from_the_verdict_down_to_the_phases() -> None:
    assert text(FOUR) == REPORT


def test_colours_change_nothing_but_colours() -> None:
    assert click.unstyle(text(FOUR, colour=True)) == REPORT.replace('"pay" is down', "pay is down")
    assert "\x1b[" in text(FOUR, colour=True)


@pytest.mark.parametrize(
    ("comparison", "first"),
    [
        (compare(), "? No region has run checkout yet."),
        (compare(region("a"), region("b")), "✓ checkout works in both regions; no region has become slower"),
        (compare(region("a", tls=500), region("b")), "✓ checkout works in both regions; no region has become slower."),
        (
            compare(region("a"), replace(region("b"), samples=(), controls_sound=False)),
            "! checkout works in 1 of 2 regions, in 1 the agent",
        ),
        (compare(region("a"), facts("b", [])), "? checkout works in 1 of 2 regions, 1 is unknown."),
    ],
)
def test_the_first_mark_is_that_of_the_worst(comparison: Comparison, first: str) -> None:
    assert text(comparison).startswith(first)


@pytest.mark.parametrize("width", [60, 70, 100, 160])
def test_names_of_any_kind_stay_within_the_columns_and_steer_nothing(width: int) -> None:
    names = ["\u202eeu\x1b[2J" + "x" * 300, "מזרח", "東京リージョン" * 20, "a\nb"]
    odd = [region(name, tls=30 + 200 * place) for place, name in enumerate(names)]
    runs = [
        replace(run, steps={f"{name} \x07{'y' * 200}": one for name, one in run.steps.items()})
        for run in odd[0].samples
    ]
    shown = text(
        compare(replace(odd[0], samples=tuple(runs)), *odd[1:], facts("n" * 300, [], heard_slot=-5)), width=width
    )
    assert max(cells(line) for line in shown.splitlines()) <= width
    assert not any(character in shown for character in "\u202e\x1b\x07\r")


def test_what_is_slower_everywhere_is_told_and_marked() -> None:
    slower = compare(*(region(name, tls=lambda slot: 30 + 200 * (slot >= 30)) for name in ("eu", "us")))
    shown = text(slower)
    assert shown.startswith('▲ checkout works in both regions; "browse" has become slower everywhere.\n')
    assert '  • "browse" is slower everywhere: +200 ms (+153 %) in 2 of 2 regions since 13:29–13:30 UTC;' in shown
    assert shown.count("▲  +200 ms  +153 %  than before") == 2


def test_names_of_steps_are_set_off_by_style_where_there_is_one() -> None:
    shown = text(FOUR, colour=True)
    assert ("*" in shown, '"pay" is down' in shown, click.style("pay", bold=True) in shown) == (False, False, True)
