from pathlib import Path

import pytest

from probe.errors import SpecError, UsageError
from probe.model.template import Text, Value
from probe.spec.load import find_files, load_journey, load_journeys
from tests.spec.reading import GET, HEAD, journey, wrong

ROOT = Path(__file__).parents[2]


def _write(folder: Path, name: str, text: str = HEAD + GET) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(ROOT.glob("journeys/*.yaml")), ids=lambda path: path.name)
def test_the_example_journeys_load(path: Path) -> None:
    assert load_journey(path).name == path.stem


def test_a_journey_knows_its_file_and_where_its_name_stands(tmp_path: Path) -> None:
    path = _write(tmp_path, "a.yaml")
    read = load_journey(path)
    assert (read.file, str(read.place)) == (str(path), f"{path}:1:10")


def test_all_that_a_journey_may_say_is_read() -> None:
    text = """
journey: checkout
description: One sentence.
tags: [money, NO, 5]
schedule: {every: 15m, timeout: 30s}
variables: {shop: "http://x", limit: 5, on: NO, list: [1, a]}
secrets: {card: {env: CARD, default: 4242, hosts: [a.example, "*.b.example"]}}
slo: {availability: 99.9%, latency: {p95: 2s}}
steps: [{name: s, wait: 1s}]
always: []
cleanup_timeout: 5s
"""
    read = journey(text)
    assert read.tags == ("money", "NO", "5")
    assert {name: _plain(value) for name, value in read.variables.items()} == {
        "shop": "http://x",
        "limit": 5,
        "on": "NO",
        "list": (1, "a"),
    }
    assert (read.secrets["card"].default, read.secrets["card"].hosts) == ("4242", ("a.example", "*.b.example"))
    assert (read.always, read.cleanup_timeout) == ((), 5 * 10**9)


def _plain(value: Value) -> object:
    if isinstance(value, Text):
        return value.literal
    return tuple(_plain(item) for item in value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", ["1:1 -: expected a journey: a mapping, got a list"]),
        ("a", ['1:1 a: expected a journey: a mapping, got "a"']),
        ("journey: j", ["1:1 j: the key steps is missing"]),
        ("journey: j\nsteps: []", ["2:8 [: the list is empty"]),
        ("journey: ''\nsteps: [{name: s, wait: 1s}]", ["1:10 '': expected a name in one line, got \"\""]),
        (HEAD + GET + "variables: {}", ["6:1 variables: the key variables stands twice"]),
        (HEAD + GET + "secrets: {a b: {env: A}}", ['6:11 a b: expected a name of letters, digits and _, got "a b"']),
        (HEAD + GET + "schedule: {every: 10ms}", ['6:19 10ms: expected at least 1000ms, got "10ms"']),
        (
            HEAD + GET + "always: [{name: a, wait: 1s, effect: write, undo: {wait: 1s}}]",
            ["6:45 undo: an undo in always: is never performed"],
        ),
    ],
)
def test_a_journey_that_could_never_run_is_refused(text: str, told: list[str]) -> None:
    assert wrong(text) == told


def test_mistakes_come_in_the_order_of_the_file_and_once_each() -> None:
    text = (
        HEAD
        + GET
        + "  check: &c [{status: x}]\n- {name: t, wait: 5}\n- {name: u, http: {get: 'http://x'}, check: *c}\n"
    )
    assert wrong(text) == [
        '6:23 x: expected a number, got "x"',
        "7:19 5: expected a duration, got the number 5",
    ]


def test_files_and_folders_are_searched_in_order_and_each_file_once(tmp_path: Path) -> None:
    paths = [_write(tmp_path, name) for name in ("b.yaml", "a/z.yml", "a/y.yaml")]
    _write(tmp_path, "a/readme.md")
    (tmp_path / "a" / "folder.yaml").mkdir()
    first, z, y = paths
    assert find_files([first, tmp_path, y]) == [first, y, z]


def test_a_link_to_nothing_is_a_mistake_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(SpecError) as caught:
        load_journeys([tmp_path])
    assert [mistake.message for mistake in caught.value.mistakes] == ["there is no such file"]


def test_a_folder_without_journeys_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no journey files"):
        find_files([tmp_path])


def test_the_mistakes_of_all_files_are_told_together(tmp_path: Path) -> None:
    paths = [_write(tmp_path, "a.yaml", "- a"), _write(tmp_path, "b.yaml"), _write(tmp_path, "c.yaml", "")]
    with pytest.raises(SpecError) as caught:
        load_journeys(paths)
    assert [mistake.place.file for mistake in caught.value.mistakes] == [str(paths[0]), str(paths[2])]


def test_two_journeys_of_one_name_are_refused_and_the_other_file_is_named(tmp_path: Path) -> None:
    paths = [_write(tmp_path, "a.yaml"), _write(tmp_path, "b.yaml")]
    with pytest.raises(SpecError) as caught:
        load_journeys(paths)
    (mistake,) = caught.value.mistakes
    hint = f"{paths[0]} has it too; results are told apart by the journey's name"
    assert (str(mistake.place), mistake.message, mistake.hint) == (
        f"{paths[1]}:1:10",
        'two journeys are named "j"',
        hint,
    )
