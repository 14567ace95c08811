"""What a page is made from: what the store holds, and what the comparison says of it.

Gathering it blocks: the pages do so in a thread.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from probe.compare.compare import compare_regions
from probe.compare.result import Comparison, RegionFacts
from probe.hub.facts import AgentFacts, RunLine, SeriesFacts, Store
from probe.hub.ledger import LedgerLine, ledger
from probe.hub.pages.ticks import COUNT
from probe.hub.pages.window import Span
from probe.hub.regions import region_facts, usual_length_ns
from probe.model.instant import nanoseconds_of
from probe.model.record import GapRecord, SlotsRecord
from probe.model.result import Run

LINES = 2000
"""So many of the latest runs can be reached from a journey's page."""

_Ledger = Mapping[tuple[str, str], Sequence[LedgerLine]]
"""By environment and journey."""


class JourneyKnown(Struct, frozen=True):
    env: str
    journey: str
    comparison: Comparison
    regions: Sequence[RegionFacts]
    ledger: Sequence[LedgerLine] = ()
    series: Sequence[SeriesFacts] = ()
    lines: Sequence[RunLine] = ()
    """The latest runs first, of every trigger."""
    missing: Sequence[SlotsRecord] = ()
    """Slots without a run."""


class RunKnown(Struct, frozen=True):
    """A run, and the ones before and after it of the journey in its region."""

    run: Run
    before: RunLine | None = None
    after: RunLine | None = None


class FleetKnown(Struct, frozen=True):
    journeys: Sequence[JourneyKnown]
    agents: Sequence[AgentFacts]
    gaps: Sequence[GapRecord] = ()
    quarantined: int = 0


def fleet_known(store: Store, span: Span) -> FleetKnown:
    overview = store.overview(span.since_ns, span.until_ns)
    series = {key: list(those) for key, those in groupby(overview, key=attrgetter("env", "journey"))}
    lines = _ledger(store, span)
    return FleetKnown(
        journeys=[
            _at_a_glance(store, *name, span, lines.get(name, ()), series.get(name, ())) for name in store.journeys()
        ],
        agents=store.agents(),
        gaps=store.gaps(span.since_ns, span.until_ns),
        quarantined=store.quarantined(),
    )


def run_known(store: Store, run_id: str) -> RunKnown | None:
    run = store.run(run_id)
    if run is None:
        return None
    at_ns = nanoseconds_of(run.started_at)
    before = store.runs(run.env, run.journey, run.region, 0, at_ns, 1)
    after = store.next_run(run.env, run.journey, run.region, at_ns)
    return RunKnown(run, before[0] if before else None, after)


def journey_known(store: Store, env: str, journey: str, span: Span) -> JourneyKnown | None:
    """None when no such journey has ever been heard of."""
    if (env, journey) not in store.journeys():
        return None
    lines = _ledger(store, span).get((env, journey), ())
    return replace(
        _known(store, env, journey, span.since_ns, span.until_ns, lines),
        lines=store.runs(env, journey, None, span.since_ns, span.until_ns, LINES),
        missing=store.slots(env, journey, span.since_ns, span.until_ns),
    )


def _at_a_glance(
    store: Store, env: str, journey: str, span: Span, lines: Sequence[LedgerLine], series: Sequence[SeriesFacts]
) -> JourneyKnown:
    """Compares the latest slots only, so that a fleet costs the same whatever the window, and keeps few runs."""
    since_ns = span.until_ns - usual_length_ns(store, env, journey)
    known = _known(store, env, journey, since_ns, span.until_ns, lines)
    regions = [replace(region, samples=region.samples[-COUNT:]) for region in known.regions]
    return replace(known, regions=regions, series=series)


def _known(
    store: Store, env: str, journey: str, since_ns: int, until_ns: int, lines: Sequence[LedgerLine]
) -> JourneyKnown:
    regions = region_facts(store, env, journey, since_ns, until_ns)
    comparison = compare_regions(journey, regions, since_ns=since_ns, until_ns=until_ns, now_ns=until_ns)
    return JourneyKnown(env, journey, comparison, regions, lines)


def _ledger(store: Store, span: Span) -> _Ledger:
    by_journey: dict[tuple[str, str], list[LedgerLine]] = {}
    for line in ledger(store, span.since_ns, span.until_ns):
        by_journey.setdefault((line.env, line.account.journey), []).append(line)
    return by_journey
