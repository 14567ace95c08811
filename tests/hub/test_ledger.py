from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.hub.ledger import Held, ledger
from probe.hub.sqlite import SqliteStore
from probe.model.record import Record
from probe.model.slot import SlotState
from tests.hub.records import HOUR, MINUTE, NOW, SECOND, account, beat, run_record, slots_record

SLOT = NOW // MINUTE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore.open(tmp_path)
    yield store
    store.close()


def ran(*slots: int) -> list[Record]:
    return [run_record(f"run-{slot}", slot * MINUTE) for slot in slots]


def held(store: SqliteStore, records: list[Record], since_ns: int = NOW - HOUR, until_ns: int = NOW) -> Held:
    store.append(records, now_ns=NOW)
    (line,) = ledger(store, since_ns, until_ns)
    return line.held


def test_a_ledger_that_is_all_here_leaves_nothing_unaccounted(store: SqliteStore) -> None:
    skipped = slots_record("s", SLOT - 4, SLOT - 4, state=SlotState.SKIPPED)
    missed = slots_record("m", SLOT - 3, SLOT - 2)
    beat_now = beat(accounts=(account(SLOT - 5, SLOT),))
    found = held(store, [*ran(SLOT - 5, SLOT - 1), skipped, missed, beat_now])
    assert found == Held(SLOT - 5, SLOT, ran=2, skipped=1, missed=2, running=0, unaccounted=0)


def test_what_the_agent_told_and_is_not_here_is_unaccounted(store: SqliteStore) -> None:
    found = held(store, [*ran(SLOT - 5), beat(accounts=(account(SLOT - 5, SLOT),))])
    assert (found.expected, found.ran, found.unaccounted) == (5, 1, 4)


def test_a_grid_that_the_journey_ran_on_before_is_checked_too(store: SqliteStore) -> None:
    before = account(SLOT - 9, SLOT - 5, ended=True)
    now = account(2 * SLOT - 6, 2 * SLOT, every_ns=MINUTE // 2)
    store.append([*ran(SLOT - 9, SLOT - 8), beat(accounts=(before, now))], now_ns=NOW)
    lines = [(line.account.ended, line.held.expected, line.held.unaccounted) for line in ledger(store, NOW - HOUR, NOW)]
    assert lines == [(True, 4, 2), (False, 6, 6)]


def test_a_run_that_still_goes_on_is_not_missing(store: SqliteStore) -> None:
    found = held(store, [*ran(SLOT - 3), beat(accounts=(account(SLOT - 3, SLOT, ran=1, running=1),))])
    assert (found.running, found.unaccounted) == (1, 1)


def test_runs_after_the_heartbeat_of_other_agents_and_of_other_grids_do_not_count(store: SqliteStore) -> None:
    strangers: list[Record] = [
        *ran(SLOT - 1),
        run_record("other", (SLOT - 3) * MINUTE, agent="agent-2"),
        slots_record("other agent", SLOT - 3, SLOT - 3, agent="agent-2"),
        slots_record("other grid", SLOT - 3, SLOT - 3, offset_ns=1),
    ]
    found = held(store, [*strangers, beat(accounts=(account(SLOT - 3, SLOT - 1),))])
    assert found == Held(SLOT - 3, SLOT - 1, 0, 0, 0, 0, unaccounted=2)


def test_only_slots_that_were_due_in_the_window_count(store: SqliteStore) -> None:
    records = [*ran(*range(SLOT - 9, SLOT)), beat(accounts=(account(SLOT - 9, SLOT),))]
    found = held(store, records, NOW - 5 * MINUTE - 1, NOW - 2 * MINUTE)
    assert found == Held(SLOT - 5, SLOT - 2, 3, 0, 0, 0, 0)


def test_a_window_before_the_ledger_began_is_empty(store: SqliteStore) -> None:
    found = held(store, [beat(accounts=(account(SLOT - 5, SLOT),))], NOW - 2 * HOUR, NOW - HOUR)
    assert (found.expected, found.unaccounted) == (0, 0)


def test_the_agents_own_account_stands_beside_it(store: SqliteStore) -> None:
    own = account(SLOT - 5, SLOT)
    store.append([beat(accounts=(own,))], now_ns=NOW)
    (line,) = ledger(store, NOW - HOUR, NOW)
    assert (line.region, line.agent, line.env, line.account) == ("eu-west-1", "agent-1", "prod", own)


def test_an_agent_without_heartbeat_has_no_line(store: SqliteStore) -> None:
    store.append(ran(SLOT - 1), now_ns=NOW)
    assert ledger(store, NOW - HOUR, NOW) == []


FATES = st.lists(st.sampled_from(["ran", "skipped", "missed", "lost"]), max_size=40)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore.open(tmp_path_factory.mktemp("ledger"))
    yield store
    store.close()


@settings(max_examples=40, deadline=None)
@given(fates=FATES, offset_s=st.integers(0, 59))
def test_every_slot_is_told_once(shared: SqliteStore, fates: list[str], offset_s: int) -> None:
    agent, first, offset_ns = str(uuid4()), SLOT - len(fates) - 1, offset_s * SECOND
    records: list[Record] = [
        beat(agent=agent, accounts=(account(first, first + len(fates), offset_ns=offset_ns),)),
        *(record(fate, slot, agent, offset_ns) for slot, fate in enumerate(fates, first) if fate != "lost"),
    ]
    shared.append(records, now_ns=NOW)
    (found,) = [line.held for line in ledger(shared, NOW - HOUR, NOW) if line.agent == agent]
    counts = [fates.count(fate) for fate in ("ran", "skipped", "missed", "lost")]
    assert [found.ran, found.skipped, found.missed, found.unaccounted] == counts


def record(fate: str, slot: int, agent: str, offset_ns: int) -> Record:
    key = f"{agent} {slot}"
    if fate == "ran":
        return run_record(key, slot * MINUTE + offset_ns, agent=agent)
    return slots_record(key, slot, slot, agent=agent, state=SlotState(fate), offset_ns=offset_ns)
