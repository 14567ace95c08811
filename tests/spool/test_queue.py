import sqlite3

from probe.model.batch import Batch
from probe.model.instant import datetime_of
from probe.model.record import encode_record
from probe.spool.queue import Depth, ack, append, depth, enrol, next_batch, split, totals
from tests.spool.spooled import NOW_NS, keys, record, records, spool

MOST, MOST_BYTES = 3, 10**6


def _next(connection: sqlite3.Connection, exporter: str = "hub", most: int = MOST) -> Batch | None:
    return next_batch(connection, exporter, most=most, most_bytes=MOST_BYTES)


def _batch(connection: sqlite3.Connection, exporter: str, most: int) -> Batch:
    batch = _next(connection, exporter, most)
    assert batch is not None
    return batch


def _deliver(connection: sqlite3.Connection, exporter: str) -> list[str]:
    """The keys of all that waits, in the order of delivery."""
    delivered = []
    while (batch := _next(connection, exporter)) is not None:
        delivered += keys(batch.lines)
        ack(connection, batch)
    return delivered


def _kept(connection: sqlite3.Connection) -> tuple[int, int]:
    row = connection.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM record").fetchone()
    return int(row[0]), int(row[1])


def test_records_are_delivered_in_order_to_every_exporter_and_then_forgotten() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    append(connection, records(range(7)))
    expected = [str(number) for number in range(7)]
    first, second = _deliver(connection, "hub"), _deliver(connection, "jsonl")
    assert (first, second, _kept(connection), totals(connection)) == (expected, expected, (0, 0), (0, 0))


def test_what_one_exporter_has_not_delivered_is_kept_for_it() -> None:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    append(connection, records(range(7)))
    _deliver(connection, "jsonl")
    size = sum(len(encode_record(each)) for each in records(range(7)))
    assert depth(connection) == {"hub": Depth(7, size, datetime_of(NOW_NS)), "jsonl": Depth(0, 0, None)}
    assert totals(connection) == _kept(connection) == (7, size)


def test_a_key_that_waits_already_is_not_taken_again() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    assert (append(connection, records([1, 2])), append(connection, records([2, 3]))) == (2, 1)
    assert _deliver(connection, "hub") == ["1", "2", "3"]


def test_nothing_is_kept_while_nobody_wants_it() -> None:
    connection = spool()
    assert (append(connection, records([1])), _kept(connection)) == (0, (0, 0))


def test_a_new_exporter_gets_what_is_there_and_one_left_out_holds_nothing_back() -> None:
    connection = spool()
    enrol(connection, ["slow"])
    append(connection, records(range(4)))
    ack(connection, _batch(connection, "slow", most=1))
    enrol(connection, ["slow", "new"])
    waiting = depth(connection)
    got = _deliver(connection, "new")
    enrol(connection, ["new"])
    assert (got, _kept(connection), _next(connection, "slow")) == (["1", "2", "3"], (0, 0), None)
    assert waiting["new"] == waiting["slow"]


def test_one_that_comes_back_does_not_get_anything_twice() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records([1]))
    _deliver(connection, "hub")
    enrol(connection, [])
    enrol(connection, ["hub"])
    append(connection, records([2]))
    assert _deliver(connection, "hub") == ["2"]


def test_a_frozen_batch_stays_the_same_whatever_comes_after_it() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records([1]))
    frozen = _next(connection)
    append(connection, records([2, 3]))
    enrol(connection, ["hub", "jsonl"])
    assert _next(connection) == frozen == Batch("hub", 1, 1, (encode_record(record(1)),))


def test_a_batch_has_no_more_bytes_than_asked_for_but_one_record_at_least() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, [record(1, filling="x" * 5000), record(2), record(3), record(4, filling="x" * 5000)])
    sizes = []
    while (batch := next_batch(connection, "hub", most=500, most_bytes=2000)) is not None:
        sizes.append(len(batch.lines))
        ack(connection, batch)
    assert sizes == [1, 2, 1]


def test_a_batch_that_was_damaged_is_not_passed_off_as_the_one_that_was_tried() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records([1, 2]))
    _next(connection)
    connection.execute("DELETE FROM record WHERE seq = 1")
    append(connection, records([3]))
    batch = _next(connection)
    assert batch is not None
    assert (keys(batch.lines), batch.first, _next(connection)) == (["2", "3"], 2, batch)


def test_split_freezes_the_first_half() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records(range(3)))
    whole = _next(connection)
    assert whole is not None
    split(connection, whole)
    half = _next(connection)
    assert half == Batch("hub", 1, 1, whole.lines[:1])
    assert (ack(connection, whole), ack(connection, half)) == (0, 1)
    assert _deliver(connection, "hub") == ["1", "2"]


def test_an_acknowledgement_counts_once() -> None:
    connection = spool()
    enrol(connection, ["hub"])
    append(connection, records(range(5)))
    batch = _next(connection)
    assert batch is not None
    assert (ack(connection, batch), ack(connection, batch), depth(connection)["hub"].records) == (3, 0, 2)


def test_an_exporter_that_is_not_enrolled_has_nothing_to_do() -> None:
    assert _next(spool()) is None


def test_a_call_costs_no_more_in_a_full_spool() -> None:
    """By work done (steps of SQLite's machine), so that a busy machine does not matter."""
    assert _steps(waiting=20_000) < 1.5 * _steps(waiting=1_000)


def _steps(waiting: int) -> int:
    connection = spool()
    enrol(connection, ["hub", "jsonl"])
    append(connection, records(range(waiting)))
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(step, 10)
    batch = _next(connection, most=100)
    assert batch is not None
    split(connection, batch)
    half = _next(connection)
    assert half is not None
    ack(connection, half)
    depth(connection)
    totals(connection)
    append(connection, [record(waiting)])
    return steps
