from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from probe.compare.result import RegionFacts
from probe.hub.regions import region_facts, usual_length_ns
from probe.hub.sqlite import SqliteStore
from probe.model.record import Record
from tests.hub.records import DAY, HOUR, MINUTE, NOW, SECOND, account, beat, run_record


def facts(folder: Path, *records: tuple[Record, int]) -> list[RegionFacts]:
    """Of checkout in prod; each record with when it came."""
    store = SqliteStore.open(folder)
    for record, at_ns in records:
        store.append([record], now_ns=at_ns)
    found = region_facts(store, "prod", "checkout", NOW - HOUR, NOW)
    store.close()
    return found


def here(**changes: Any) -> Record:
    return beat(accounts=(account(1, 2),), **changes)


def test_a_region_is_told_with_its_runs_and_what_its_agent_says(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        (run_record("run-1", NOW - MINUTE), NOW - MINUTE),
        (here(controls_sound=False, every_ns=7 * SECOND), NOW),
    )
    shown = [(one.region, len(one.samples), one.heard_ns, one.expected_every_ns, one.controls_sound) for one in found]
    assert shown == [("eu-west-1", 1, NOW, 7 * SECOND, False)]


def test_a_region_whose_agent_has_the_journey_is_there_without_runs(tmp_path: Path) -> None:
    assert facts(tmp_path, (here(), NOW)) == [RegionFacts("eu-west-1", (), NOW, 15 * SECOND, None)]


@pytest.mark.parametrize(
    "stranger", [beat(), beat(accounts=(account(1, 2, "search"),)), here(env="stage")], ids=["none", "other", "env"]
)
def test_a_region_that_has_nothing_to_do_with_the_journey_is_not_there(tmp_path: Path, stranger: Record) -> None:
    assert facts(tmp_path, (stranger, NOW)) == []


def test_of_several_agents_the_one_heard_last_that_has_the_journey_counts(tmp_path: Path) -> None:
    (found,) = facts(
        tmp_path,
        (here(agent="old", every_ns=1 * SECOND), NOW - HOUR),
        (here(agent="now", every_ns=2 * SECOND), NOW - MINUTE),
        (beat(agent="other", every_ns=3 * SECOND), NOW),
    )
    assert (found.heard_ns, found.expected_every_ns) == (NOW - MINUTE, 2 * SECOND)


def test_an_agent_that_never_sent_a_heartbeat_is_known_from_its_runs(tmp_path: Path) -> None:
    (found,) = facts(tmp_path, (run_record("run-1", NOW - MINUTE), NOW))
    assert (found.heard_ns, found.expected_every_ns, found.controls_sound) == (NOW, 0, None)


@pytest.mark.parametrize(
    ("every_ns", "length_ns"),
    [(SECOND, 15 * MINUTE), (MINUTE, 4 * HOUR), (15 * MINUTE, 60 * HOUR), (HOUR, 7 * DAY), (None, 4 * HOUR)],
)
def test_who_names_no_window_gets_240_slots_but_no_moment_and_no_month(
    tmp_path: Path, every_ns: int | None, length_ns: int
) -> None:
    store = SqliteStore.open(tmp_path)
    ended = replace(account(1, 2), every_ns=DAY, ended=True)
    accounts = (replace(account(1, 2), every_ns=every_ns), ended) if every_ns else (account(1, 2, "search"),)
    store.append([beat(accounts=accounts)], now_ns=NOW)
    found = usual_length_ns(store, "prod", "checkout")
    store.close()
    assert found == length_ns
