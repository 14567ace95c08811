from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from probe.durable.folder import FolderError
from probe.durable.transactions import Transactions
from probe.model.result import EffectState
from probe.safety import journal
from probe.safety.journal import FILE, KEPT_NS, PAUSES_NS, Entry, not_undone, open_journal, undone

NOW = 1_800_000_000_000_000_000


def entry(key: str = "k1", **more: Any) -> Entry:
    given = {
        "run_id": "r1",
        "journey": "checkout",
        "file": "/c.yaml",
        "step": "pay",
        "undoable": True,
        "opened_ns": NOW,
    }
    return Entry(key=key, region="here", agent="me", env="production", **{**given, **more})


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Transactions]:
    database = await open_journal(tmp_path)
    yield database
    await database.close()


async def put(database: Transactions, *entries: Entry) -> None:
    for each in entries:
        await database.run(lambda connection, each=each: journal.put(connection, each))  # type: ignore[misc]


async def test_a_write_is_found_by_its_key_as_it_was_entered(database: Transactions) -> None:
    written = entry(values={"order": "ord_1", "count": 2, "list": [None, 1.5]}, amount="19.90 EUR")
    await put(database, written)
    assert await database.read(lambda c: journal.find(c, "k1")) == written
    assert await database.read(lambda c: journal.find(c, "k2")) is None


async def test_what_is_entered_again_takes_the_place_of_what_was_there(database: Transactions) -> None:
    await put(database, entry(), entry(state=EffectState.OPEN))
    assert [each.state for each in await database.read(journal.entries)] == [EffectState.OPEN]


async def test_a_write_that_was_not_sent_is_gone(database: Transactions) -> None:
    await put(database, entry(), entry("k2"))
    await database.run(lambda connection: journal.drop(connection, "k1"))
    assert [each.key for each in await database.read(journal.entries)] == ["k2"]


async def test_only_what_is_due_and_can_be_undone_is_to_be_undone_the_youngest_first(database: Transactions) -> None:
    await put(
        database,
        entry("open", state=EffectState.OPEN, opened_ns=NOW - 2),
        entry("unknown", opened_ns=NOW - 1),
        entry("later", due_ns=NOW + 1),
        entry("done", state=EffectState.UNDONE),
        entry("leaked", state=EffectState.LEAKED),
        entry("for good", undoable=False),
    )
    assert [each.key for each in await database.read(lambda c: journal.to_undo(c, NOW))] == ["unknown", "open"]
    assert await database.read(journal.attention) == (3, 1)


async def test_what_needs_somebody_is_never_forgotten(database: Transactions) -> None:
    old = {"opened_ns": NOW - KEPT_NS - 1}
    await put(
        database,
        entry("undone", state=EffectState.UNDONE, **old),
        entry("young", state=EffectState.UNDONE),
        entry("for good", undoable=False, **old),
        entry("open", **old),
        entry("leaked", state=EffectState.LEAKED, **old),
    )
    await database.run(lambda connection: journal.forget(connection, NOW))
    assert {each.key for each in await database.read(journal.entries)} == {"young", "open", "leaked"}


def test_an_undo_is_tried_so_many_times_ever_more_seldom_and_then_a_person_is_needed() -> None:
    tried, pauses = entry(), []
    while tried.state is not EffectState.LEAKED:
        tried = not_undone(tried, "503", NOW)
        pauses.append(tried.due_ns - NOW)
    assert (tuple(pauses[:-1]), tried.tries, tried.note) == (PAUSES_NS, len(PAUSES_NS) + 1, "503")
    assert list(PAUSES_NS) == sorted(PAUSES_NS)


def test_what_is_undone_needs_nobody() -> None:
    assert [each.needs_attention for each in (entry(), undone(entry()), entry(undoable=False))] == [True, False, False]


async def test_two_processes_may_have_it_at_once(database: Transactions, tmp_path: Path) -> None:
    other = await open_journal(tmp_path)
    await put(database, entry("k1"))
    await put(other, entry("k2"))
    assert len(await database.read(journal.entries)) == 2
    await other.close()


@pytest.mark.parametrize("content", [b"no database " * 100, b"SQLite format 3\0" + b"\xff" * 4000])
async def test_a_broken_journal_is_no_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(FolderError, match="move it away to begin anew"):
        await open_journal(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


async def test_a_journal_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    first = await open_journal(tmp_path)
    await first.run(lambda connection: connection.execute("PRAGMA user_version = 99"))
    await first.close()
    with pytest.raises(FolderError, match="made by a newer probe"):
        await open_journal(tmp_path)


async def test_a_clock_that_was_set_back_keeps_no_effect_waiting(database: Transactions) -> None:
    await put(database, entry("later", due_ns=NOW + PAUSES_NS[-1]), entry("by another clock", due_ns=2 * NOW))
    assert [each.key for each in await database.read(lambda c: journal.to_undo(c, NOW))] == ["by another clock"]
