from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from probe.demo.shop import Faults, Shop
from probe.durable.transactions import Transactions
from probe.model.result import Cause, EffectState, Section, Verdict
from probe.reap import undo_later
from probe.runner import run_journey
from probe.safety.journal import Entry, open_journal
from tests.paying import CHECKOUT, WITHOUT_UNDO, checkout, entries, settings


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Transactions]:
    database = await open_journal(tmp_path)
    yield database
    await database.close()


async def left_by_a_killed_run(shop: Shop, database: Transactions, folder: Path) -> Entry:
    """What the journal has of an order whose answer was the last thing that happened."""
    await run_journey(checkout(folder, WITHOUT_UNDO), settings(shop.url, database))
    (left,) = await entries(database)
    return replace(left, undoable=True)


async def test_an_order_is_taken_back_by_another_process(shop: Shop, database: Transactions, tmp_path: Path) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    run, after = await undo_later(checkout(tmp_path), left, settings(shop.url, database))
    assert [(step.section, step.name, step.verdict) for step in run.steps] == [
        (Section.UNDO, "enter", Verdict.PASSED),
        (Section.UNDO, "undo pay", Verdict.PASSED),
    ]
    assert (run.verdict, run.run_id != left.run_id, [e.state for e in run.effects]) == (
        Verdict.PASSED,
        True,
        [EffectState.UNDONE],
    )
    assert (after, shop.state["cancelled"]) == (replace(left, state=EffectState.UNDONE), 1)


async def test_an_order_whose_id_was_never_learnt_is_looked_up(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    values = {name: value for name, value in left.values.items() if name != "order"}
    run, after = await undo_later(checkout(tmp_path), replace(left, values=values), settings(shop.url, database))
    assert [step.name for step in run.steps] == ["enter", "find what pay made", "undo pay"]
    assert (after.state, shop.state["cancelled"]) == (EffectState.UNDONE, 1)


async def test_an_order_that_was_never_placed_is_nothing_to_undo(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    never = replace(left, key=str(uuid4()), values={"shop": shop.url})
    run, after = await undo_later(checkout(tmp_path), never, settings(shop.url, database))
    assert [(step.name, step.skipped) for step in run.steps][-1] == ("undo pay", "the write made nothing")
    assert (after.state, run.verdict) == (EffectState.UNDONE, Verdict.PASSED)


@pytest.mark.parametrize(
    ("path", "name"), [("/healthz", "enter"), ("/orders", "undo pay")], ids=["login", "undo itself"]
)
async def test_what_fails_is_tried_again_later_and_says_why(
    shop: Shop, database: Transactions, tmp_path: Path, path: str, name: str
) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    shop.faults = Faults(status=503, path=path)
    run, after = await undo_later(checkout(tmp_path), left, settings(shop.url, database))
    assert (run.steps[-1].name, run.verdict, after.tries, after.state) == (name, Verdict.FAILED, 1, EffectState.OPEN)
    assert (after.note, after.due_ns > left.opened_ns) == (
        "status: expected 2xx (no check says otherwise), got 503",
        True,
    )


async def test_a_secret_that_is_not_there_any_more_blames_us(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    bare = replace(settings(shop.url, database), environ={"SHOP_URL": shop.url})
    run, after = await undo_later(checkout(tmp_path), left, bare)
    assert run.failure is not None
    assert (run.failure.cause, "TEST_CARD is not set" in after.note) == (Cause.SCRIPT, True)


async def test_a_journey_that_lost_its_undo_says_so(shop: Shop, database: Transactions, tmp_path: Path) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    _, after = await undo_later(checkout(tmp_path, WITHOUT_UNDO), left, settings(shop.url, database))
    assert after.note == "the journey checkout does not say any more how to undo pay"


async def test_the_values_of_the_run_count_and_not_what_would_be_made_up_anew(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    elsewhere = replace(settings("http://127.0.0.1:1", database))
    _, after = await undo_later(checkout(tmp_path), left, elsewhere)
    assert (after.state, shop.state["cancelled"]) == (EffectState.UNDONE, 1)


async def test_an_undo_that_takes_too_long_is_cut(shop: Shop, database: Transactions, tmp_path: Path) -> None:
    left = await left_by_a_killed_run(shop, database, tmp_path)
    shop.faults = Faults(header_delay=60, path="/orders")
    text = CHECKOUT.replace("variables:", "cleanup_timeout: 300ms\nvariables:", 1)
    _, after = await undo_later(checkout(tmp_path, text), left, settings(shop.url, database))
    assert after.note == "the undo's time of 300 ms ran out"
