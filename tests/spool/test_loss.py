import sqlite3
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from probe.model.batch import Batch
from probe.model.instant import datetime_of
from probe.model.record import GapRecord, decode_record, encode_record
from probe.spool import loss
from probe.spool.loss import Origin, Unwritten, bound, dropped, lose, reject, retire, settle, tell
from probe.spool.queue import ack, append, depth, enrol, next_batch, split, totals
from tests.spool.spooled import NOW_NS, S, gaps, keys, record, records, spool

ORIGIN = Origin("eu-west-1", "agent-1", "production")
EXPORTERS = ("hub", "jsonl", "other")
SIZE = len(encode_record(record(10)))
UNBOUNDED = 2**40
LONG_AGO = 0


def _next(connection: sqlite3.Connection, exporter: str = "hub", most: int = 3) -> Batch | None:
    tell(connection, exporter, ORIGIN, NOW_NS)
    return next_batch(connection, exporter, most=most, most_bytes=10**6)


def _batch(connection: sqlite3.Connection, exporter: str = "hub", most: int = 3) -> Batch:
    batch = _next(connection, exporter, most)
    assert batch is not None
    return batch


def _deliver(connection: sqlite3.Connection, exporter: str = "hub") -> list[bytes]:
    lines: list[bytes] = []
    while (batch := _next(connection, exporter)) is not None:
        lines += batch.lines
        ack(connection, batch)
    return lines


def _gap(told: GapRecord) -> tuple[str, dict[str, int], int, int]:
    """Reason, counts, and the numbers of the first and last record lost."""
    first, last = ((at - datetime_of(NOW_NS)).total_seconds() for at in (told.since, told.until))
    return told.reason, told.lost, int(first), int(last)


def test_the_oldest_go_when_there_are_too_many_and_the_centre_is_told() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records(range(10, 20)))
    assert bound(connection, most_bytes=7 * SIZE, before_ns=LONG_AGO) == 3
    lines = _deliver(connection)
    assert (keys(lines)[:-1], [_gap(gap) for gap in gaps(lines)], dropped(connection)) == (
        [str(number) for number in range(13, 20)],
        [("size", {"hub": 3}, 10, 12)],
        {"hub": {"size": 3}},
    )


def test_what_is_too_old_goes_even_from_the_middle() -> None:
    """The wall clock may have been wrong while a record was made."""
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, [record(1), record(2, at_ns=5 * S), record(3), record(4)])
    assert bound(connection, most_bytes=UNBOUNDED, before_ns=NOW_NS + 2 * S) == 2
    lines = _deliver(connection)
    assert (keys(lines)[:-1], dropped(connection)) == (["3", "4"], {"hub": {"age": 2}})


def test_only_who_had_not_delivered_it_lost_it() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    append(connection, records(range(10, 14)))
    ack(connection, _batch(connection, "jsonl"))
    assert bound(connection, most_bytes=0, before_ns=LONG_AGO) == 4
    assert dropped(connection) == {"hub": {"size": 4}, "jsonl": {"size": 1}}
    assert [_gap(gap) for gap in gaps(_deliver(connection))] == [("size", {"hub": 4}, 10, 13)]


def test_a_frozen_batch_goes_whole_for_its_exporter_and_for_no_other() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    append(connection, records(range(10, 15)))
    frozen = _batch(connection)
    bound(connection, most_bytes=4 * SIZE, before_ns=LONG_AGO)
    assert (dropped(connection), ack(connection, frozen)) == ({"hub": {"size": 3}, "jsonl": {"size": 1}}, 0)
    assert keys(_deliver(connection, "jsonl"))[:4] == ["11", "12", "13", "14"]
    assert keys(_deliver(connection))[:2] == ["13", "14"]


def test_nothing_is_kept_of_a_batch_that_nobody_waits_for_any_more() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    append(connection, records(range(10, 13)))
    for exporter in ("hub", "jsonl"):
        _batch(connection, exporter)
    bound(connection, most_bytes=2 * SIZE, before_ns=LONG_AGO)
    kept = connection.execute("SELECT count(*) FROM record").fetchone()[0]
    assert (kept, totals(connection), dropped(connection)) == (0, (0, 0), {"hub": {"size": 3}, "jsonl": {"size": 3}})


def test_a_refused_record_is_put_aside_and_told_of() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records([10, 11]))
    refused = _batch(connection, most=1)
    assert (reject(connection, refused, "400", NOW_NS), reject(connection, refused, "400", NOW_NS)) == (True, False)
    assert connection.execute("SELECT exporter, reason, at_ns, body FROM dead").fetchall() == [
        ("hub", "400", NOW_NS, encode_record(record(10)))
    ]
    lines = _deliver(connection)
    assert (keys(lines)[0], [_gap(gap) for gap in gaps(lines)]) == ("11", [("rejected", {"hub": 1}, 10, 10)])


def test_one_who_refuses_everything_gets_no_endless_gaps() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records(range(10, 30)))
    refused = 0
    while (batch := _next(connection, most=1)) is not None:
        reject(connection, batch, "400", NOW_NS)
        refused += 1
    kept = connection.execute("SELECT count(*) FROM record").fetchone()[0]
    assert (refused, dropped(connection), kept) == (22, {"hub": {"rejected": 22}}, 0)


def test_what_was_refused_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "MOST_DEAD", 5)
    monkeypatch.setattr(loss, "MOST_DEAD_BYTES", 3 * SIZE)
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records(range(10, 17)))
    for _ in range(7):
        reject(connection, _batch(connection, most=1), "400", NOW_NS)
    kept = [decode_record(body).key for (body,) in connection.execute("SELECT body FROM dead ORDER BY rowid")]
    assert kept == ["14", "15", "16"]


def test_records_that_never_came_into_the_spool_are_told_of() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    lose(connection, Unwritten().add(records([12, 11])), "disk")
    lose(connection, Unwritten().add([]), "disk")
    assert [_gap(gap) for gap in gaps(_deliver(connection))] == [("disk", {"hub": 2}, 11, 12)]
    assert dropped(connection) == {"hub": {"disk": 2}, "jsonl": {"disk": 2}}


def test_a_gap_reaches_from_the_first_loss_to_the_last() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    for numbers in ([14, 15], [11], [12, 17]):
        lose(connection, Unwritten().add(records(numbers)), "disk")
    assert [_gap(gap) for gap in gaps(_deliver(connection))] == [("disk", {"hub": 5}, 11, 17)]


def test_a_gap_that_was_told_does_not_hold_back_the_next() -> None:
    """Even when another exporter has not delivered it yet."""
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    told = []
    for number in (11, 12):
        append(connection, [record(number)])
        reject(connection, _batch(connection, most=1), "400", NOW_NS)
        told += [_gap(gap) for gap in gaps(_deliver(connection))]
    assert told == [("rejected", {"hub": 1}, 11, 11), ("rejected", {"hub": 1}, 12, 12)]


def test_while_nobody_listens_gaps_do_not_grow_in_number() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    for number in range(10, 500):
        append(connection, [record(number)])
        bound(connection, most_bytes=20 * SIZE, before_ns=LONG_AGO)
        _deliver(connection, "jsonl")
        _next(connection)
    assert totals(connection)[0] < 23
    lines = _deliver(connection)
    told = sum(gap.lost.get("hub", 0) for gap in gaps(lines))
    assert told == dropped(connection)["hub"]["size"] == 490 - (len(lines) - len(gaps(lines)))


def test_a_large_loss_is_made_in_steps() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records(range(2500)))
    steps = []
    while (count := bound(connection, most_bytes=0, before_ns=LONG_AGO)) > 0:
        steps.append(count)
    assert (steps, dropped(connection)) == ([1000, 1000, 500], {"hub": {"size": 2500}})


class Spooling(RuleBasedStateMachine):
    """Anything that can happen to a spool, in any order: no record is lost from the books."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = spool()
        enrol(self.connection, EXPORTERS)
        self.number = 0
        self.lost = 0
        self.delivered: dict[str, list[bytes]] = {exporter: [] for exporter in EXPORTERS}
        self.refused: dict[str, list[bytes]] = {exporter: [] for exporter in EXPORTERS}
        self.tried: dict[str, Batch] = {}
        """What may be under way while the spool changes: its outcome comes later."""

    @rule(count=st.integers(1, 8), filling=st.integers(0, 300), back=st.integers(0, 30))
    def append(self, count: int, filling: int, back: int) -> None:
        for _ in range(count):
            self.number += 1
            at_ns = NOW_NS + (self.number - back) * S
            append(self.connection, [record(self.number, at_ns=at_ns, filling="x" * filling)])

    @rule(exporter=st.sampled_from(EXPORTERS), most=st.integers(1, 6))
    def take(self, exporter: str, most: int) -> None:
        batch = _next(self.connection, exporter, most)
        if batch is not None:
            self.tried[exporter] = batch

    @precondition(lambda self: self.tried)
    @rule(data=st.data(), outcome=st.sampled_from(["ack", "ack", "reject"]))
    def settle(self, data: Any, outcome: str) -> None:
        exporter = data.draw(st.sampled_from(sorted(self.tried)))
        batch = self.tried.pop(exporter)
        if outcome == "ack":
            if ack(self.connection, batch):
                self.delivered[exporter] += batch.lines
        elif len(batch.lines) > 1:
            split(self.connection, batch)
        elif reject(self.connection, batch, "400", NOW_NS):
            self.refused[exporter] += batch.lines

    @rule(room=st.integers(0, 20))
    def bound_by_size(self, room: int) -> None:
        most_bytes = room * SIZE
        while bound(self.connection, most_bytes=most_bytes, before_ns=LONG_AGO):
            pass
        assert totals(self.connection)[1] <= most_bytes

    @rule(age=st.integers(0, 40))
    def bound_by_age(self, age: int) -> None:
        bound(self.connection, most_bytes=UNBOUNDED, before_ns=NOW_NS + (self.number - age) * S)

    @rule(count=st.integers(1, 3))
    def lose(self, count: int) -> None:
        lose(self.connection, Unwritten().add(records(range(count))), "disk")
        self.lost += count

    @invariant()
    def counters_are_true(self) -> None:
        for exporter, waiting in depth(self.connection).items():
            lines = self._waiting(exporter)
            assert (waiting.records, waiting.bytes) == (len(lines), sum(map(len, lines)))
        kept = self.connection.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM record").fetchone()
        assert totals(self.connection) == kept

    @invariant()
    def every_record_is_delivered_dropped_or_waiting(self) -> None:
        for exporter in EXPORTERS:
            settled = _plain(self.delivered[exporter]) + _plain(self._waiting(exporter))
            assert len(settled) == len(set(settled))
            lost = sum(dropped(self.connection).get(exporter, {}).values()) - len(gaps(self.refused[exporter]))
            assert len(settled) + lost == self.number + self.lost

    @invariant()
    def every_loss_is_told_or_yet_to_be_told(self) -> None:
        for exporter in EXPORTERS:
            told: Counter[str] = Counter()
            for gap in gaps(self.delivered[exporter] + self.refused[exporter] + self._waiting(exporter)):
                told[gap.reason] += gap.lost.get(exporter, 0)
            for reason, count in self.connection.execute(
                "SELECT reason, count FROM gap WHERE exporter = ?", (exporter,)
            ):
                told[reason] += count
            counted = Counter(dropped(self.connection).get(exporter, {}))
            counted["rejected"] -= len(gaps(self.refused[exporter]))
            assert +told == +counted

    def _waiting(self, exporter: str) -> list[bytes]:
        rows = self.connection.execute(
            "SELECT body FROM record WHERE seq > (SELECT acked FROM cursor WHERE exporter = ?) ORDER BY seq",
            (exporter,),
        )
        return [body for (body,) in rows]


def _plain(lines: list[bytes]) -> list[str]:
    return [each.key for line in lines if not isinstance(each := decode_record(line), GapRecord)]


Spooling.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
test_the_books_balance = Spooling.TestCase


def test_what_the_other_side_will_not_keep_of_a_batch_is_lost_and_told() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records([11, 12, 13]))
    batch = next_batch(connection, "hub", most=9, most_bytes=10**6)
    assert batch is not None
    refused = [each.key for each in records([12])]
    assert settle(connection, batch, refused) == 2
    assert (dropped(connection), totals(connection)) == ({"hub": {"rejected": 1}}, (0, 0))
    assert [_gap(gap) for gap in gaps(_deliver(connection))] == [("rejected", {"hub": 1}, 12, 12)]


def test_what_waits_for_one_that_is_left_out_is_counted_when_nobody_gets_it() -> None:
    connection = spool()
    assert retire(connection, {"a", "b"}) == {}
    append(connection, records([11, 12]))
    assert retire(connection, {"a", "c"}) == {}
    assert retire(connection, {"a"}) == {"c": 2}
    assert dropped(connection) == {"c": {"removed": 2}}


def test_a_record_can_be_put_aside_again_after_its_exporter_came_back() -> None:
    connection = spool()
    enrol(connection, ["hub", "other"])
    append(connection, records([11]))
    for _ in range(2):
        batch = next_batch(connection, "hub", most=1, most_bytes=10**6)
        assert batch is not None
        assert reject(connection, batch, "bad", NOW_NS)
        enrol(connection, ["other"])
        enrol(connection, ["hub", "other"])
