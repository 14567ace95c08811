import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from probe.durable.folder import open_database
from probe.model.duration import NANOSECONDS
from probe.model.journey import Amount, Budget, Count, Currency, Journey
from probe.safety import budget, journal
from probe.safety.budget import Demand, Stamp, demand_of, give_back, reserve, steps_beyond
from probe.spec.load import read_journey
from probe.spec.source import Source
from tests.safety.test_journal import entry

HOUR, DAY = NANOSECONDS["h"], NANOSECONDS["d"]
NOW = Stamp(1_800_000_000 * 10**9, 50 * DAY, "boot 1")
WRITE = (
    "  - {{name: {0}, effect: write, amount: {{value: {1}, currency: {2}}}, http: {{post: 'http://127.0.0.1:1/'}}}}\n"
)


def journey(*writes: tuple[str, str, str]) -> Journey:
    steps = "".join(WRITE.format(*write) for write in writes)
    return read_journey(Source("checkout.yaml", f"journey: checkout\nsteps:\n{steps}"))


BUY = journey(("pay", "19.90", "EUR"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "effects.db", 1, journal.create_tables)) as connection:
        yield connection


def after(nanoseconds: int, boot: str = "boot 1") -> Stamp:
    return Stamp(NOW.wall_ns + nanoseconds, NOW.boot_ns + nanoseconds, boot)


def tries(connection: sqlite3.Connection, allowed: Budget, *stamps: Stamp, of: Journey = BUY) -> list[str]:
    return [reserve(connection, of, f"run {number}", allowed, now) for number, now in enumerate(stamps)]


def test_what_a_run_may_write_is_all_its_writes_together() -> None:
    assert demand_of(journey(("a", "1.10", "EUR"), ("b", "2.20", "EUR"))) == Demand(2, Decimal("3.30"), "EUR")


def test_no_more_writes_than_allowed_in_any_hour(connection: sqlite3.Connection) -> None:
    stamps = [after(0), after(HOUR // 2), after(HOUR - 1), after(HOUR), after(HOUR + 1)]
    found = tries(connection, Budget(writes_per_hour=Count(2)), *stamps)
    assert found == ["", "", "2 of 2 writes an hour are used", "", "2 of 2 writes an hour are used"]


def test_no_more_writes_than_allowed_in_any_day(connection: sqlite3.Connection) -> None:
    found = tries(connection, Budget(writes_per_day=Count(1)), after(0), after(DAY - 1), after(DAY))
    assert found == ["", "1 of 1 writes a day are used", ""]


def test_no_more_money_than_allowed_in_any_day(connection: sqlite3.Connection) -> None:
    allowed = Budget(amount_per_day=Amount(Decimal(40), Currency("EUR")))
    found = tries(connection, allowed, after(0), after(1), after(2), after(DAY))
    assert found == ["", "", "39.80 of 40 EUR a day are spent", ""]


def test_a_run_is_admitted_whole_or_not(connection: sqlite3.Connection) -> None:
    two = journey(("a", "1", "EUR"), ("b", "1", "EUR"))
    assert tries(connection, Budget(writes_per_hour=Count(3)), NOW, NOW, of=two) == [
        "",
        "2 of 3 writes an hour are used",
    ]


def test_effects_that_are_not_undone_stop_further_ones(connection: sqlite3.Connection) -> None:
    allowed = Budget(open_effects=Count(2))
    journal.put(connection, entry("a"))
    journal.put(connection, entry("b", undoable=False))
    journal.put(connection, entry("c", journey="another"))
    first = tries(connection, allowed, NOW)
    journal.put(connection, entry("d"))
    assert (first, tries(connection, allowed, NOW)) == ([""], ["2 effects are not undone, 2 may be"])


def test_a_clock_that_is_set_frees_nothing(connection: sqlite3.Connection) -> None:
    allowed = Budget(writes_per_day=Count(1))
    forward = Stamp(NOW.wall_ns + 9 * DAY, NOW.boot_ns + 1, "boot 1")
    back = Stamp(NOW.wall_ns - 9 * DAY, 5, "boot 2")
    assert [bool(why) for why in tries(connection, allowed, NOW, forward, back)] == [False, True, True]


def test_a_budget_survives_a_reboot_by_the_wall_clock(connection: sqlite3.Connection) -> None:
    allowed = Budget(writes_per_day=Count(1))
    rebooted = [Stamp(NOW.wall_ns + age, 5, "boot 2") for age in (HOUR, DAY)]
    assert [bool(why) for why in tries(connection, allowed, NOW, *rebooted)] == [False, True, False]


def test_what_was_not_written_is_given_back(connection: sqlite3.Connection) -> None:
    allowed = Budget(writes_per_day=Count(1))
    reserve(connection, BUY, "run", allowed, NOW)
    give_back(connection, "run")
    assert reserve(connection, BUY, "next", allowed, NOW) == ""


def test_journeys_have_budgets_of_their_own(connection: sqlite3.Connection) -> None:
    other = replace(BUY, name="other")
    allowed = Budget(writes_per_day=Count(1))
    assert [reserve(connection, each, f"run of {each.name}", allowed, NOW) for each in (BUY, other)] == ["", ""]


def test_what_counts_no_more_is_forgotten(connection: sqlite3.Connection) -> None:
    reserve(connection, BUY, "old", Budget(), after(-2 * DAY - 1))
    reserve(connection, BUY, "young", Budget(), after(-2 * DAY + 1))
    budget.forget(connection, NOW)
    assert connection.execute("SELECT run_id FROM spent").fetchall() == [("young",)]


def test_amounts_of_another_currency_are_told() -> None:
    mixed = journey(("a", "1", "EUR"), ("b", "1", "USD"))
    limit = Budget(amount_per_day=Amount(Decimal(1), Currency("EUR")))
    assert [step.name for step in steps_beyond(mixed, limit)] == ["b"]
    assert steps_beyond(mixed, Budget()) == []
    cleanup = replace(BUY, always=mixed.steps)
    assert [step.name for step in steps_beyond(cleanup, limit)] == ["b"]
