from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from probe.agent.clock import SystemClock
from probe.agent.effects import Effects
from probe.model.journey import Budget, Count
from probe.model.result import EffectState
from probe.model.slot import Reason
from probe.safety import switch
from probe.safety.journal import FILE, Entry
from tests.agent.planning import READS, WRITES, plan
from tests.export.sample import PASSED
from tests.safety.test_journal import entry

PAY = plan("pay", READS + WRITES, budget=Budget(writes_per_hour=Count(1)))


@pytest.fixture
async def effects(tmp_path: Path) -> AsyncIterator[Effects]:
    effects = Effects(tmp_path, SystemClock())
    yield effects
    await effects.close()


async def to_undo(effects: Effects) -> list[str]:
    return [each.key for each in await effects.to_undo()]


async def test_an_agent_that_never_wrote_has_no_journal(effects: Effects, tmp_path: Path) -> None:
    assert (await effects.to_undo(), effects.is_there, (tmp_path / FILE).exists()) == ([], False, False)


async def test_a_budget_that_is_used_up_admits_no_run(effects: Effects) -> None:
    assert [await effects.admit(PAY, run_id) for run_id in ("a", "b")] == [None, Reason.BUDGET]


async def test_a_budget_survives_the_agent(effects: Effects, tmp_path: Path) -> None:
    await effects.admit(PAY, "a")
    await effects.close()
    again = Effects(tmp_path, SystemClock())
    assert await again.admit(PAY, "b") is Reason.BUDGET
    await again.close()


async def test_a_disk_that_takes_nothing_admits_no_run(effects: Effects) -> None:
    await (await effects.journal()).run(lambda connection: connection.execute("PRAGMA query_only = ON"))
    assert await effects.admit(PAY, "a") is Reason.BUDGET


async def test_the_kill_switch_stops_writes_and_no_reads(tmp_path: Path) -> None:
    switch = tmp_path / "off"
    effects = Effects(tmp_path, SystemClock(), lambda: switch)
    begins = replace(PAY, journey=plan("pay", WRITES).journey)
    before = effects.stopped()
    switch.touch()
    admitted = [await effects.admit(planned, str(uuid4())) for planned in (PAY, begins)]
    assert (before, admitted, effects.notices) == (
        "",
        [None, Reason.STOPPED],
        (f"writes are stopped: {switch} is there",),
    )
    await effects.close()


async def test_what_a_run_that_goes_on_has_written_is_left_to_it(effects: Effects) -> None:
    await effects.admit(PAY, "r1")
    await effects.put(entry())
    during = await to_undo(effects)
    await effects.over("r1", None)
    assert (during, await to_undo(effects)) == ([], ["k1"])


async def test_what_is_left_behind_is_counted(effects: Effects) -> None:
    for each in (entry("a"), entry("b", state=EffectState.OPEN), entry("c", state=EffectState.LEAKED)):
        await effects.put(each)
    assert (effects.open, effects.leaked, effects.notices) == (
        2,
        1,
        ("1 writes could not be undone: a person must look at them",),
    )


async def test_what_the_agent_before_left_is_found(effects: Effects, tmp_path: Path) -> None:
    await effects.put(entry())
    await effects.close()
    again = Effects(tmp_path, SystemClock())
    found: list[Entry] = await again.to_undo()
    await again.close()
    assert (found, again.open) == ([entry()], 1)


async def test_what_the_hub_says_of_writes_holds_until_it_says_otherwise(
    effects: Effects, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        effects.obey("the warehouse is upset")
    stopped = effects.stopped()
    after_a_restart = Effects(tmp_path, SystemClock()).stopped()
    for _ in range(2):
        effects.obey("")
    assert (stopped, after_a_restart) == ("writes are stopped: by the hub: the warehouse is upset",) * 2
    assert effects.stopped() == ""
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "the hub stops all writes: the warehouse is upset",
        "the hub lets agents write again",
    ]


async def test_a_long_reason_is_kept_short_and_written_once(effects: Effects, tmp_path: Path) -> None:
    effects.obey("x" * 10_000)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    effects.obey("x" * 10_000)
    assert (file.stat().st_mtime_ns, len(effects.stopped()) < 300) == (written, True)


async def test_the_switch_of_the_state_folder_counts_beside_a_named_one(tmp_path: Path) -> None:
    effects = Effects(tmp_path, SystemClock(), lambda: tmp_path / "off")
    (tmp_path / switch.FILE).touch()
    assert effects.stopped() == f"writes are stopped: {tmp_path / switch.FILE} is there"


async def test_a_run_that_began_while_writes_were_stopped_may_not_write_later(effects: Effects, tmp_path: Path) -> None:
    (tmp_path / switch.FILE).touch()
    admitted = await effects.admit(PAY, "a")
    (tmp_path / switch.FILE).unlink()
    assert (admitted, effects.may_write("a"), await effects.admit(PAY, "b"), effects.may_write("b")) == (
        None,
        False,
        None,
        True,
    )


async def test_what_a_broken_run_wrote_is_not_given_back(effects: Effects) -> None:
    await effects.admit(PAY, "r1")
    await effects.put(entry())
    await effects.over("r1", replace(PASSED, run_id="r1"))
    assert await effects.admit(PAY, "r2") is Reason.BUDGET


@pytest.mark.parametrize("budget", [Budget(writes_per_hour=Count(1)), None])
async def test_a_journal_that_cannot_be_opened_admits_no_run(
    effects: Effects, tmp_path: Path, budget: Budget | None
) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    assert await effects.admit(replace(PAY, budget=budget), "a") is Reason.BUDGET


async def test_what_somebody_closed_is_not_opened_again(effects: Effects) -> None:
    await effects.put(entry(state=EffectState.UNDONE))
    await effects.put(entry(tries=1))
    assert (await to_undo(effects), effects.open) == ([], 0)
