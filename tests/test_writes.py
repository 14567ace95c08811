import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from probe.demo.shop import Faults, Shop
from probe.durable.transactions import Transactions
from probe.interrupt import Interrupt
from probe.model.result import Cause, EffectState, Section, Verdict
from probe.runner import run_journey
from probe.safety import journal
from probe.safety.journal import open_journal
from tests.paying import CARD, CHECKOUT, WITHOUT_UNDO, checkout, entries, settings

SLOW_TO_BELIEVE = CHECKOUT.replace("after: 1ms", "after: 1m")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Transactions]:
    database = await open_journal(tmp_path)
    yield database
    await database.close()


async def test_a_write_is_in_the_journal_before_it_leaves(shop: Shop, database: Transactions, tmp_path: Path) -> None:
    seen: list[tuple[str, EffectState, int]] = []
    original = database.run

    async def told(work: object) -> object:
        done: object = await original(work)  # type: ignore[arg-type]
        seen.extend((each.step, each.state, shop.state["orders"]) for each in await entries(database))
        return done

    database.run = told  # type: ignore[method-assign,assignment]
    await run_journey(checkout(tmp_path), settings(shop.url, database))
    assert seen[:2] == [("pay", EffectState.UNKNOWN, 0), ("pay", EffectState.OPEN, 1)]
    assert seen[-1] == ("pay", EffectState.UNDONE, 1)


async def test_the_journal_knows_what_an_undo_needs_and_no_secret(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    text = f"{WITHOUT_UNDO}    undo: {{http: {{get: '${{shop}}/status/500?${{order}}'}}}}\n"
    run = await run_journey(checkout(tmp_path, text), settings(shop.url, database))
    (left,) = await entries(database)
    assert (left.key, left.run_id, left.state, left.amount) == (
        run.effects[0].key,
        run.run_id,
        EffectState.OPEN,
        "19.90 EUR",
    )
    assert sorted(left.values) == ["csrf", "order", "shop", "sku"]
    assert (left.tries, left.note.startswith("status: expected 2xx")) == (1, True)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith(journal.FILE))
    assert (CARD.encode() in written, left.values["order"].encode() in written) == (False, True)


REFUSALS = [Faults(status=403, path="/pay"), Faults(challenge=True, path="/pay")]


@pytest.mark.parametrize("faults", REFUSALS)
async def test_a_write_that_was_refused_is_not_in_it(
    shop: Shop, database: Transactions, tmp_path: Path, faults: Faults
) -> None:
    shop.faults = faults
    run = await run_journey(checkout(tmp_path, WITHOUT_UNDO), settings(shop.url, database))
    assert (run.effects, await entries(database)) == ((), [])


async def test_a_shop_that_refuses_after_the_deed_is_found_out(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    shop.faults = Faults(status=422, path="/pay")  # it acts as usual, and then says so
    run = await run_journey(checkout(tmp_path), settings(shop.url, database))
    assert [effect.state for effect in run.effects] == [EffectState.UNDONE]
    assert (shop.state["orders"], shop.state["cancelled"]) == (1, 1)


async def test_a_refusal_that_the_find_confirms_needs_no_time_to_be_believed(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    shop.faults = Faults(challenge=True, path="/pay")
    run = await run_journey(checkout(tmp_path, SLOW_TO_BELIEVE), settings(shop.url, database))
    assert [effect.state for effect in run.effects] == [EffectState.UNDONE]


async def test_a_shop_that_answered_is_through_with_it(shop: Shop, database: Transactions, tmp_path: Path) -> None:
    """A card that is declined with a 200: nothing was made, and nothing will be."""
    shop.faults = Faults(declined=True)
    run = await run_journey(checkout(tmp_path, SLOW_TO_BELIEVE), settings(shop.url, database))
    assert ([effect.state for effect in run.effects], run.verdict) == ([EffectState.UNDONE], Verdict.FAILED)


async def test_what_is_not_there_right_after_the_write_may_come_yet(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    shop.faults = Faults(reset="before", path="/pay")
    run = await run_journey(checkout(tmp_path, SLOW_TO_BELIEVE), settings(shop.url, database))
    (left,) = await entries(database)
    (undo,) = [step for step in run.steps if step.name == "undo pay"]
    assert (left.state, left.tries, left.due_ns > left.opened_ns) == (EffectState.UNKNOWN, 1, True)
    assert left.note == undo.skipped
    assert undo.skipped.endswith("after the write, which may still be under way")
    assert len(run.effects_open) == 1


async def test_a_write_whose_answer_is_lost_is_found_by_its_key_and_undone(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    shop.faults = Faults(reset="after", path="/pay")
    run = await run_journey(checkout(tmp_path), settings(shop.url, database))
    undone = [(step.name, step.verdict) for step in run.steps if step.section is Section.UNDO]
    assert undone == [("find what pay made", Verdict.PASSED), ("undo pay", Verdict.PASSED)]
    assert [effect.state for effect in run.effects] == [EffectState.UNDONE]
    assert [each.state for each in await entries(database)] == [EffectState.UNDONE]
    assert (shop.state["orders"], shop.state["cancelled"], run.verdict) == (1, 1, Verdict.FAILED)


async def test_a_write_that_made_nothing_needs_no_undo(shop: Shop, database: Transactions, tmp_path: Path) -> None:
    shop.faults = Faults(reset="before", path="/pay")
    run = await run_journey(checkout(tmp_path), settings(shop.url, database))
    (undo,) = [step for step in run.steps if step.name == "undo pay"]
    assert (undo.skipped, [effect.state for effect in run.effects]) == (
        "the write made nothing",
        [EffectState.UNDONE],
    )
    assert shop.state["orders"] == 0


async def test_a_journal_that_takes_nothing_keeps_a_write_from_being_sent(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    await database.run(lambda connection: connection.execute("PRAGMA query_only = ON"))
    run = await run_journey(checkout(tmp_path), settings(shop.url, database))
    assert run.failure is not None
    assert (run.failure.cause, "the journal of effects takes no entry" in run.failure.message) == (Cause.AGENT, True)
    assert (shop.state["orders"], run.effects) == (0, ())


async def test_a_stopped_run_ends_before_the_write_and_has_not_failed(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    stopped = settings(shop.url, database, writes_stopped=lambda: "writes are stopped: a file is there")
    run = await run_journey(checkout(tmp_path), stopped)
    skipped = [(step.name, step.skipped) for step in run.steps if step.skipped]
    assert (run.verdict, skipped) == (Verdict.PASSED, [("pay", "writes are stopped: a file is there")])
    assert (shop.state["orders"], await entries(database)) == (0, [])


async def test_a_write_that_nothing_undoes_is_listed_and_asks_for_nobody(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    await run_journey(checkout(tmp_path, WITHOUT_UNDO), settings(shop.url, database))
    (left,) = await entries(database)
    assert (left.state, left.undoable, left.needs_attention) == (EffectState.OPEN, False, False)


async def test_a_secret_that_a_refused_undo_repeats_is_not_in_it(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    undo = f"{{http: {{get: '${{shop}}/status/500'}}, check: [{{status: 500}}, {{url: {{contains: {CARD}}}}}]}}"
    journey = checkout(tmp_path, f"{WITHOUT_UNDO}    undo: {undo}\n".replace(CARD, '"${card}"'))
    await run_journey(journey, settings(shop.url, database))
    (left,) = await entries(database)
    assert (left.tries, "[card]" in left.note, CARD in left.note) == (1, True, False)


async def test_a_write_that_was_cut_while_it_was_entered_leaves_no_entry(
    shop: Shop, database: Transactions, tmp_path: Path
) -> None:
    original, interrupt = database.run, Interrupt()

    async def interrupted(work: object) -> object:
        done: object = await original(work)  # type: ignore[arg-type]
        if not interrupt.requested:
            interrupt.request()
            await asyncio.sleep(60)
        return done

    database.run = interrupted  # type: ignore[method-assign,assignment]
    run = await run_journey(checkout(tmp_path), settings(shop.url, database), interrupt=interrupt)
    assert (run.interrupted, shop.state["orders"], await entries(database)) == (True, 0, [])


async def test_what_a_filter_made_of_a_bound_secret_goes_to_no_other_host_either(shop: Shop, tmp_path: Path) -> None:
    text = CHECKOUT.replace('"127.0.0.1"', "pay.example").replace('"${card}"', '\'${card | replace("42", "-x-")}\'')
    run = await run_journey(checkout(tmp_path, text), settings(shop.url, None))
    message = "the secret card 2 was not sent: it is bound to pay.example, and this is another host"
    assert (run.failure and run.failure.message, shop.state["orders"]) == (message, 0)
