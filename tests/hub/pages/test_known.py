from pathlib import Path

import pytest

from probe.hub.pages.known import fleet_known, journey_known
from probe.hub.pages.ticks import COUNT
from probe.hub.pages.window import WINDOWS, Span
from probe.hub.regions import SLOTS
from probe.hub.sqlite import SqliteStore
from tests.hub.pages.seed import FAILED_RUN, HOSTILE, REGIONS, fill, heard
from tests.hub.records import MINUTE, NOW

SPAN = Span(WINDOWS["1h"], NOW)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    store = SqliteStore.open(tmp_path / "hub")
    fill(store)
    return store


def test_a_journeys_page_is_made_from_all_regions_and_their_latest_runs(store: SqliteStore) -> None:
    known = journey_known(store, "prod", "checkout", SPAN)
    assert known
    assert [region.region for region in known.regions] == sorted(REGIONS)
    assert {line.region: line.held.unaccounted for line in known.ledger} == {
        **dict.fromkeys(REGIONS, 0),
        "ap-southeast-1": 7,
    }
    assert (len(known.lines), known.lines[0].at_ns > known.lines[-1].at_ns) == (204, True)
    assert FAILED_RUN in {line.run_id for line in known.lines}
    assert [(record.first, record.last) for record in known.missing] == [(NOW // MINUTE - 36, NOW // MINUTE - 31)]
    store.close()


def test_an_unknown_journey_is_none(store: SqliteStore) -> None:
    assert [journey_known(store, env, "checkout", SPAN) for env in ("", "stage")] == [None, None]
    store.close()


def test_a_fleet_is_made_from_every_journey_with_its_figures_and_few_runs(store: SqliteStore) -> None:
    fleet = fleet_known(store, SPAN)
    assert [journey.journey for journey in fleet.journeys] == [HOSTILE, "checkout", "search"]
    assert [sorted(one.region for one in journey.series) for journey in fleet.journeys[1:]] == [sorted(REGIONS)] * 2
    assert max(len(region.samples) for journey in fleet.journeys for region in journey.regions) == COUNT
    assert ([gap.key for gap in fleet.gaps], {agent.region for agent in fleet.agents}) == (["gap-1"], set(heard()))
    store.close()


@pytest.mark.parametrize(("window", "minutes"), [("15m", SLOTS), ("1h", SLOTS), ("7d", SLOTS)])
def test_a_fleet_compares_the_latest_slots_whatever_the_window(store: SqliteStore, window: str, minutes: int) -> None:
    fleet = fleet_known(store, Span(WINDOWS[window], NOW))
    compared = {NOW - journey.comparison.since_ns for journey in fleet.journeys if journey.journey == "search"}
    assert compared == {minutes * MINUTE}
    store.close()
