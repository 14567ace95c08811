from pathlib import Path

from tests.cli.process import run_probe, write_journey


async def test_good_journeys_are_listed_and_0() -> None:
    ended = await run_probe("check", "journeys/browse.yaml", "journeys/search.yaml")
    assert (ended.code, ended.out, ended.err) == (
        0,
        "journeys/browse.yaml: ok (browse, 4 steps)\njourneys/search.yaml: ok (search, 3 steps)\n",
        "",
    )


async def test_the_mistakes_of_all_files_come_at_once_and_2(tmp_path: Path) -> None:
    one = write_journey(tmp_path, "  - {name: a, http: {gte: x}}\n", name="one")
    two = write_journey(tmp_path, "  - {name: b, wait: 5}\n", name="two")
    ended = await run_probe("check", one, two)
    assert ended.code == 2
    assert f"{one}:4:22: unknown key gte" in ended.err
    assert f"{two}:4:21: expected a duration, got the number 5" in ended.err
    assert ended.err.endswith("mistakes\n")


async def test_nothing_to_check_is_2() -> None:
    assert (await run_probe("check")).code == 2


async def test_a_folder_without_journeys_is_2(tmp_path: Path) -> None:
    ended = await run_probe("check", tmp_path)
    assert (ended.code, ended.err) == (2, f"probe: {tmp_path} has no journey files (*.yaml, *.yml) in it\n")
