import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.slot import Account, Reason, SlotState
from probe.spool import ledger
from probe.spool.database import FILE, Database

SKIPPED, MISSED = SlotState.SKIPPED, SlotState.MISSED


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path)
    yield database
    await database.close()


def account_of(connection: sqlite3.Connection, journey: str = "a") -> Account:
    return next(account for account in ledger.accounts(connection) if account.journey == journey)


def scenario(connection: sqlite3.Connection) -> Account:
    ledger.open_era(connection, "a", 60, 7, 10)
    ledger.begin(connection, "a", 10, "one", 1)
    ledger.end(connection, "one")
    ledger.account(connection, "a", 11, 11, SKIPPED, Reason.OVERLAP, 2)
    ledger.account(connection, "a", 12, 19, MISSED, Reason.DOWN, 3)
    ledger.begin(connection, "a", 20, "two", 4)
    return account_of(connection)


async def test_an_account_adds_up(database: Database) -> None:
    account = await database.run(scenario)
    assert account == Account("a", 60, 7, first=10, next=21, ran=1, skipped=1, missed=8, running=1)
    assert (account.expected, account.adds_up) == (11, True)


async def test_it_is_kept_over_a_restart(tmp_path: Path) -> None:
    first = await Database.open(tmp_path)
    account = await first.run(scenario)
    await first.close()
    again = await Database.open(tmp_path)
    assert await again.run(account_of) == account
    assert await again.run(lambda connection: ledger.open_era(connection, "a", 60, 7, 99)) == 21
    await again.close()


async def test_what_was_in_flight_is_found(database: Database) -> None:
    await database.run(scenario)
    assert await database.run(ledger.in_flight) == [ledger.InFlight("a", 60, 7, 20, "two", 4)]


async def test_a_run_ends_once(database: Database) -> None:
    def twice(connection: sqlite3.Connection) -> Account:
        scenario(connection)
        ledger.end(connection, "two", SlotState.RAN, Reason.KILLED)
        ledger.end(connection, "two", SKIPPED, Reason.CAPACITY)
        return account_of(connection)

    account = await database.run(twice)
    assert (account.ran, account.skipped, account.running, account.adds_up) == (2, 1, 0, True)


async def test_another_grid_begins_a_new_era_and_what_ran_in_the_old_one_still_counts(database: Database) -> None:
    def changed(connection: sqlite3.Connection) -> tuple[int, Account, dict[str, int]]:
        scenario(connection)
        following = ledger.open_era(connection, "a", 30, 7, 40)
        ledger.end(connection, "two")
        return following, account_of(connection), ledger.expected(connection)

    assert await database.run(changed) == (40, Account("a", 30, 7, 40, 40, 0, 0, 0, 0), {"a": 11})
    tallies = await database.run(ledger.tallies)
    assert tallies == [("a", "missed", "down", 8), ("a", "ran", "", 2), ("a", "skipped", "overlap", 1)]


async def test_eras_that_ended_are_remembered_as_long_as_it_is_asked_for(database: Database) -> None:
    def ended(connection: sqlite3.Connection) -> list[list[tuple[int, int, bool]]]:
        scenario(connection)  # its last slot, 20, was due at 20 × 60 + 7
        ledger.open_era(connection, "a", 30, 7, 40)
        ledger.new_era(connection, "a", 30, 7, 40)
        return [
            [(account.every_ns, account.expected, account.ended) for account in ledger.accounts(connection, since)]
            for since in (None, 1207, 1208)
        ]

    assert await database.run(ended) == [[(30, 0, False)], [(60, 11, True), (30, 0, False)], [(30, 0, False)]]


async def test_a_journey_that_is_not_run_any_more_has_no_open_era(database: Database) -> None:
    def closed(connection: sqlite3.Connection) -> list[str]:
        scenario(connection)
        ledger.open_era(connection, "b", 60, 7, 10)
        ledger.close_others(connection, ["b", "c"])
        return [account.journey for account in ledger.accounts(connection)]

    assert await database.run(closed) == ["b"]


async def test_no_slot_is_told_twice_or_left_out(database: Database) -> None:
    await database.run(scenario)
    for first in (20, 22):
        with pytest.raises(ValueError, match=f"slot {first} of a does not follow"):
            await database.run(lambda c, first=first: ledger.begin(c, "a", first, "x", 5))  # type: ignore[misc]
    assert (await database.run(account_of)).next == 21


async def test_single_slots_are_forgotten_but_never_the_sums(database: Database) -> None:
    before = await database.run(scenario)
    await database.run(lambda connection: ledger.forget(connection, 10**19 // 2))
    assert await database.run(account_of) == before
    rows = await database.run(lambda connection: connection.execute("SELECT state FROM slot").fetchall())
    assert rows == [("running",)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.just(1)),
        st.tuples(st.just("end"), st.integers(0, 5)),
        st.tuples(st.just("skip"), st.integers(1, 3)),
        st.tuples(st.just("miss"), st.integers(1, 1000)),
        st.tuples(st.just("grid"), st.integers(1, 3)),
        st.tuples(st.just("rewind"), st.integers(0, 100)),
    ),
    max_size=40,
)


@given(STEPS)
def test_the_ledger_adds_up_whatever_happens(steps: list[tuple[str, int]]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        from probe.spool.database import create_tables

        create_tables(connection)
        following, every, begun, seen = ledger.open_era(connection, "a", 1, 0, 5), 1, [], Counter[str]()
        for number, (what, count) in enumerate(steps):
            match what:
                case "run":
                    ledger.begin(connection, "a", following, f"run {number}", number)
                    begun.append(f"run {number}")
                    following += 1
                case "end" if begun:
                    ledger.end(connection, begun.pop(count % len(begun)))
                    seen["ran"] += 1
                case "skip" | "miss":
                    state = SKIPPED if what == "skip" else MISSED
                    reason = Reason.OVERLAP if what == "skip" else Reason.DOWN
                    ledger.account(connection, "a", following, following + count - 1, state, reason, number)
                    following += count
                    seen[state] += count
                case "grid":
                    following = ledger.open_era(connection, "a", count, 0, following)
                    every = count
                case "rewind":
                    following = ledger.new_era(connection, "a", every, 0, count)
            assert account_of(connection).adds_up
        tallied = Counter(dict.fromkeys(seen, 0))
        for _, what, _, count in ledger.tallies(connection):
            tallied[what] += count
        assert tallied == seen
        assert ledger.expected(connection)["a"] == sum(seen.values()) + account_of(connection).running


async def test_the_file_is_nobody_elses_to_read(database: Database, tmp_path: Path) -> None:
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
