"""Comparisons made by hand: what the views are tried with."""

from msgspec.structs import replace

from probe.compare.result import (
    Cell,
    Comparison,
    Contribution,
    Difference,
    Finding,
    Onset,
    RegionFacts,
    RegionSummary,
    RegionVerdict,
    Sample,
    StepSample,
)
from probe.hub.facts import RunLine, SeriesFacts
from probe.hub.ledger import Held, LedgerLine
from probe.hub.pages.known import JourneyKnown
from probe.hub.pages.window import DEFAULT, Span
from probe.model.timing import Phase
from tests.hub.records import MINUTE, NOW, account

MS = 1_000_000
SPAN = Span(DEFAULT, NOW)

SLOWER = Difference(
    pairs=56,
    shift_ns=212.0 * MS,
    low_ns=180.0 * MS,
    high_ns=244.0 * MS,
    share=0.34,
    p_value=0.001,
    significant=True,
    trimmed_ns=210.0 * MS,
    contributions=(Contribution(Phase.TLS, 200.0 * MS), Contribution(Phase.PROCESSING, 10.0 * MS)),
    onset=Onset(NOW - 30 * MINUTE, NOW - 24 * MINUTE),
)
EVEN = replace(
    SLOWER, shift_ns=-3.0 * MS, low_ns=-8.0 * MS, high_ns=2.0 * MS, share=-0.01, significant=False, onset=None
)
SLOW = Finding("eu-west-1 is 212 ms slower than us-east-1 on *pay*; 95 % of it is tls.", "eu-west-1", "pay", Phase.TLS)
DOWN = Finding(
    "*pay* is down in eu-west-1: HTTP 500; it works in 1 other region.", "eu-west-1", "pay", verdict=RegionVerdict.DOWN
)
FAR = replace(SLOW, usual=True)


def cell(region: str, difference: Difference | None = None, note: str = "") -> Cell:
    phases = {Phase.TLS: 250.0 * MS, Phase.PROCESSING: 750.0 * MS}
    return Cell(region, "pay", 56, 990.0 * MS, 1200.0 * MS, phases, difference, note=note)


def summary(region: str, verdict: RegionVerdict = RegionVerdict.UP, why: str = "") -> RegionSummary:
    return RegionSummary(region, verdict, 60, 58, 2, 0, 1, 990.0 * MS, 1200.0 * MS, NOW - 9 * 10**9, why)


def comparison(*findings: Finding, regions: tuple[RegionSummary, ...] = ()) -> Comparison:
    """Two regions that run one step, eu-west-1 the slower one."""
    return Comparison(
        journey="checkout",
        since_ns=SPAN.since_ns,
        until_ns=SPAN.until_ns,
        headline="checkout works in both regions; eu-west-1 has become slower on *pay*.",
        findings=findings,
        regions=regions or (summary("eu-west-1"), summary("us-east-1")),
        steps=("pay",),
        cells=(cell("eu-west-1", SLOWER), cell("us-east-1", EVEN)),
    )


def sample(at_ns: int, verdict: str = "passed", duration_ns: int = 100 * MS, **changes: object) -> Sample:
    steps = {"pay": StepSample(duration_ns, {Phase.PROCESSING: duration_ns})}
    cause = "" if verdict == "passed" else "status"
    made = Sample(
        at_ns // MINUTE, MINUTE, at_ns, verdict, cause, "d1", suspect=False, duration_ns=duration_ns, steps=steps
    )
    return replace(made, **changes)


def facts(region: str, *samples: Sample) -> RegionFacts:
    return RegionFacts(region, samples, NOW, 15 * 10**9)


def line(region: str, at_ns: int = NOW - MINUTE, **changes: object) -> RunLine:
    run_id = f"{region}-{at_ns // MINUTE}"
    made = RunLine(
        run_id, region, "agent-1", "checkout", at_ns, at_ns // MINUTE, "schedule", "passed", "", 990 * MS,
        suspect=False, failed_step="",
    )  # fmt: skip
    return replace(made, **changes)


def series(region: str, **changes: object) -> SeriesFacts:
    made = SeriesFacts("prod", "checkout", region, 58, 2, 0, 1, 990 * MS, 1200 * MS, line(region))
    return replace(made, **changes)


def ledger_line(region: str, unaccounted: int = 0) -> LedgerLine:
    first = NOW // MINUTE - 60
    held = Held(first, first + 60, 60 - unaccounted, 0, 0, 0, unaccounted)
    return LedgerLine(region, "agent-1", "prod", account(first, first + 60), held)


def known(*findings: Finding, **changes: object) -> JourneyKnown:
    made = JourneyKnown(
        env="prod",
        journey="checkout",
        comparison=comparison(*findings),
        regions=(facts("eu-west-1", sample(NOW - MINUTE)), facts("us-east-1", sample(NOW - MINUTE))),
        ledger=(ledger_line("eu-west-1"), ledger_line("us-east-1")),
        series=(series("eu-west-1"), series("us-east-1")),
        lines=(line("eu-west-1"), line("us-east-1")),
    )
    return replace(made, **changes)
