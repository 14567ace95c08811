import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.hub.facts import Appended, Store, StoreTrouble
from probe.hub.forget import AT_ONCE
from probe.hub.sqlite import SqliteStore
from probe.model.record import Record
from tests.hub.contract import StoreContract
from tests.hub.records import HOUR, MINUTE, NOW, a_run, beat, gap_record, run_record, slots_record

SLOT = NOW // MINUTE


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore.open(tmp_path / "hub")
    yield store
    store.close()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, sqlite: SqliteStore) -> Store:
        return sqlite


def test_all_is_there_after_a_restart(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    store.append([run_record(), run_record("early", NOW + HOUR), beat()], now_ns=NOW)
    store.close()
    again = SqliteStore.open(tmp_path)
    found = again.run("run-1"), again.quarantined(), [agent.beat for agent in again.agents()]
    again.close()
    assert found == (a_run(), 1, [beat()])


def test_a_full_disk_takes_nothing_of_a_batch_and_is_told_as_such(sqlite: SqliteStore) -> None:
    sqlite.append([run_record()], now_ns=NOW)
    with sqlite._database.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    batch = [run_record(f"run-{n}", NOW + n * 1000, description=f"{n}" * 3000) for n in range(2, 200)]
    with pytest.raises(StoreTrouble) as trouble:
        sqlite.append(batch, now_ns=NOW)
    held = len(sqlite.runs("prod", "checkout", None, 0, 2 * NOW, 999))
    with sqlite._database.transaction() as connection:
        connection.execute("PRAGMA max_page_count = 4294967294")
    assert (trouble.value.full, held, sqlite.append(batch, now_ns=NOW)) == (True, 1, Appended(new=198))


def test_pruning_is_done_in_bounded_pieces(sqlite: SqliteStore) -> None:
    sqlite.append([run_record(f"run-{n}", NOW + n * 1000) for n in range(AT_ONCE + 10)], now_ns=NOW)
    assert [sqlite.prune(NOW + HOUR) for _ in range(3)] == [AT_ONCE, 11, 0]


@pytest.mark.parametrize("kind", ["slots", "gaps", "quarantine", "agents"])
def test_pruning_of_whatever_kind_is_done_in_bounded_pieces(sqlite: SqliteStore, kind: str) -> None:
    many = range(AT_ONCE + 10)
    records: dict[str, list[Record]] = {
        "slots": [slots_record(f"s{n}", SLOT - 9, SLOT - 5) for n in many],
        "gaps": [gap_record(f"g{n}", NOW - HOUR, NOW) for n in many],
        "quarantine": [run_record(f"run-{n}", NOW + HOUR) for n in many],
        "agents": [beat(agent=f"agent-{n}") for n in many],
    }
    sqlite.append(records[kind], now_ns=NOW)
    rest = 10 if kind == "agents" else 11  # of all others the agent goes too
    assert [sqlite.prune(NOW + HOUR) for _ in range(3)] == [AT_ONCE, rest, 0]


def test_nobody_else_can_read_the_data(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    store = SqliteStore.open(folder)
    store.append([run_record()], now_ns=NOW)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (*folder.iterdir(),)}
    store.close()
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)
