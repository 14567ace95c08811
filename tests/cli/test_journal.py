import json
from pathlib import Path

from probe.model.result import EffectState
from probe.safety import journal
from tests.cli.process import run_probe
from tests.safety.test_journal import entry


async def filled(folder: Path) -> Path:
    database = await journal.open_journal(folder)
    for each in (entry("k1"), entry("k2", state=EffectState.UNDONE)):
        await database.run(lambda connection, each=each: journal.put(connection, each))  # type: ignore[misc]
    await database.close()
    return folder


async def test_it_lists_what_is_left_and_ends_with_5(tmp_path: Path) -> None:
    ended = await run_probe("journal", "--state", await filled(tmp_path))
    assert (ended.code, ended.err) == (5, "")
    assert ended.out.splitlines()[0] == "pay of checkout: sent, perhaps; to be undone"
    assert "k2" not in ended.out


async def test_it_lists_everything_as_json(tmp_path: Path) -> None:
    ended = await run_probe("journal", "--state", await filled(tmp_path), "--all", "--json")
    assert [json.loads(line)["key"] for line in ended.out.splitlines()] == ["k1", "k2"]


async def test_a_person_closes_what_they_looked_after(tmp_path: Path) -> None:
    ended = await run_probe("journal", "--state", await filled(tmp_path), "--close", "k1")
    assert (ended.code, ended.out) == (0, "Nothing is left behind.\n")


async def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    ended = await run_probe("journal", "--state", await filled(tmp_path), "--close", "k3")
    assert (ended.code, ended.err) == (2, "probe: no effect has the key k3\n")


async def test_a_folder_without_a_journal_is_no_clean_one(tmp_path: Path) -> None:
    ended = await run_probe("journal", "--state", tmp_path)
    assert (ended.code, "has no journal of effects" in ended.err) == (2, True)
