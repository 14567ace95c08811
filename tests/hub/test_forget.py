from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from probe.hub.database import Database
from probe.hub.forget import forget
from probe.hub.sqlite import SqliteStore
from tests.hub.records import HOUR, NOW, beat, run_record


@contextmanager
def opened(folder: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(folder)) as store:
        yield store


def left(folder: Path) -> dict[str, int]:
    database = Database.open(folder)
    with database.reading() as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("run", "record", "series", "quarantine", "agent")
        }
    database.close()
    return counts


def test_nothing_is_left_of_what_is_forgotten(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([run_record(), run_record("early", NOW + HOUR), beat()], now_ns=NOW)
        store.prune(NOW + 2 * HOUR)
    assert left(tmp_path) == {"run": 0, "record": 0, "series": 0, "quarantine": 0, "agent": 0}


def test_what_is_newer_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([run_record(), run_record("run-2", NOW + 1000)], now_ns=NOW)
        store.prune(NOW + 1000)
    assert left(tmp_path) == {"run": 1, "record": 1, "series": 1, "quarantine": 0, "agent": 0}


def test_it_is_part_of_a_transaction(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([run_record()], now_ns=NOW)
    database = Database.open(tmp_path)
    try:
        with database.transaction() as connection:
            forget(connection, NOW + HOUR)
            raise InterruptedError
    except InterruptedError:
        database.close()
    assert left(tmp_path)["run"] == 1
