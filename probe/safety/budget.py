"""How much the writes of a journey may do: reserved before a run begins, so that it is run or skipped whole.

All functions work inside a transaction of `Transactions.run` on `effects.db`.
"""

import time
from decimal import Decimal
from functools import cache
from pathlib import Path
from sqlite3 import Connection

from msgspec import Struct

from probe.model.duration import NANOSECONDS
from probe.model.journey import Budget, EffectKind, Journey, Step

_HOUR_NS = NANOSECONDS["h"]
_DAY_NS = NANOSECONDS["d"]


class Stamp(Struct, frozen=True):
    """Now, by two clocks: `boot_ns` counts from the boot that has that name, and nobody can set it."""

    wall_ns: int
    boot_ns: int
    boot: str


@cache
def boot_id() -> str:
    """Which boot of the machine this is (random(4)); empty where nobody says."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def now() -> Stamp:
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Stamp(time.time_ns(), time.clock_gettime_ns(clock), boot_id())


class Demand(Struct, frozen=True):
    """What one run may write at most."""

    writes: int
    amount: Decimal
    currency: str


def demand_of(journey: Journey) -> Demand:
    writes = [step for step in (*journey.steps, *journey.always) if step.effect is EffectKind.WRITE]
    amounts = [step.amount for step in writes if step.amount is not None]
    return Demand(
        len(writes), sum((each.value for each in amounts), Decimal(0)), amounts[0].currency if amounts else ""
    )


def steps_beyond(journey: Journey, budget: Budget) -> list[Step]:
    """The writes whose amount the budget cannot count, being of another currency."""
    limit = budget.amount_per_day
    return [
        step
        for step in (*journey.steps, *journey.always)
        if limit and step.amount is not None and step.amount.currency != limit.currency
    ]


def reserve(connection: Connection, journey: Journey, run_id: str, budget: Budget, now: Stamp) -> str:
    """Takes what the run may write out of the budget; or says why it may not run."""
    demand = demand_of(journey)
    why = _exceeded(connection, journey.name, demand, budget, now)
    if not why:
        connection.execute(
            "INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id,
                journey.name,
                demand.writes,
                str(demand.amount),
                demand.currency,
                now.wall_ns,
                now.boot,
                now.boot_ns,
            ),
        )
    return why


def give_back(connection: Connection, run_id: str) -> None:
    """Unless the run wrote something: a broken one cannot say so itself, but the journal can."""
    connection.execute(
        "DELETE FROM spent WHERE run_id = ? AND NOT EXISTS (SELECT 1 FROM effect WHERE effect.run_id = spent.run_id)",
        (run_id,),
    )


def forget(connection: Connection, now: Stamp) -> None:
    """What is two days old by both clocks, or by the one there is, counts in no budget."""
    old = [run_id for run_id, _, _, age in _spent(connection, None, now) if age > 2 * _DAY_NS]
    connection.executemany("DELETE FROM spent WHERE run_id = ?", [(run_id,) for run_id in old])


def _exceeded(connection: Connection, journey: str, demand: Demand, budget: Budget, now: Stamp) -> str:
    spent = _spent(connection, journey, now)
    in_hour = sum(writes for _, writes, _, age in spent if age < _HOUR_NS)
    in_day = sum(writes for _, writes, _, age in spent if age < _DAY_NS)
    if budget.writes_per_hour is not None and in_hour + demand.writes > budget.writes_per_hour:
        return f"{in_hour} of {budget.writes_per_hour} writes an hour are used"
    if budget.writes_per_day is not None and in_day + demand.writes > budget.writes_per_day:
        return f"{in_day} of {budget.writes_per_day} writes a day are used"
    if (limit := budget.amount_per_day) is not None:
        paid = sum((amount for _, _, amount, age in spent if age < _DAY_NS), Decimal(0))
        if paid + demand.amount > limit.value:
            return f"{paid} of {limit.value} {limit.currency} a day are spent"
    if budget.open_effects is not None:
        count = _open(connection, journey)
        if count >= budget.open_effects:
            return f"{count} effects are not undone, {budget.open_effects} may be"
    return ""


def _spent(connection: Connection, journey: str | None, now: Stamp) -> list[tuple[str, int, Decimal, int]]:
    """The run, its writes, its amount, and how long ago that was: less than nothing when a clock was set back."""
    rows = connection.execute(
        "SELECT run_id, writes, amount, at_ns, boot, boot_ns FROM spent WHERE ? IS NULL OR journey = ?",
        (journey, journey),
    )
    return [
        (run_id, writes, Decimal(amount), now.boot_ns - boot_ns if boot == now.boot else now.wall_ns - at_ns)
        for run_id, writes, amount, at_ns, boot, boot_ns in rows
    ]


def _open(connection: Connection, journey: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM effect WHERE journey = ? AND undoable AND state != 'undone'", (journey,)
    ).fetchone()
    return int(row[0])
