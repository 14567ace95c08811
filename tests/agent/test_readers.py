from typing import Any

import pytest

from probe.agent.config import Exports, Listen, Overrides, Patterns
from probe.agent.readers import CONFIG_READERS
from probe.export.text import mistake_lines
from probe.model.journey import Count
from probe.model.place import Mistake
from probe.spec.decode import BAD, Decoder
from tests.spec.reading import node


def read(kind: Any, text: str) -> Any:
    mistakes: list[Mistake] = []
    value = Decoder(CONFIG_READERS, mistakes).read(kind, node(text))
    assert (value is BAD) is bool(mistakes)
    return [mistake.message for mistake in mistakes] or value


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("10000", 10_000)])
def test_a_count_is_a_whole_number(text: str, count: int) -> None:
    assert read(Count, text) == count


@pytest.mark.parametrize("text", ["0", "-1", "10001", "1.5", "true", '"5"', "five"])
def test_anything_else_is_no_count(text: str) -> None:
    assert read(Count, text)[0].startswith("expected a whole number from 1 to 10,000, got ")


def test_patterns_know_where_they_stand() -> None:
    (first, second) = read(Patterns, "- a.yaml\n- b/*.yaml\n")
    assert (first.text, second.text, second.place.line) == ("a.yaml", "b/*.yaml", 2)


def test_an_override_may_be_small() -> None:
    overrides = read(Overrides, "pay: {enabled: false}\nbrowse: {schedule: {every: 1m}}\n")
    assert [(name, each.enabled, each.schedule is None) for name, each in overrides.items()] == [
        ("pay", False, True),
        ("browse", True, False),
    ]


def test_an_exporter_is_named_and_has_its_own_keys() -> None:
    (export,) = read(Exports, "- jsonl: {path: out.jsonl}\n")
    assert (export.exporter, export.config.path, export.place.line) == ("jsonl", "out.jsonl", 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- jsonl: {pth: x}\n", ["unknown key pth", "the key path is missing"]),
        ("- {jsonl: {path: x}, hub: {url: x}}\n", ["expected an exporter and its settings, got a mapping"]),
        ("- kafka: {}\n", ['expected one of hub, jsonl, got "kafka"']),
        ("hub\n", ['expected a list, got "hub"']),
    ],
)
def test_what_is_no_exporter_is_told(text: str, told: list[str]) -> None:
    assert read(Exports, text) == told


def test_an_address_to_listen_at_is_a_host_and_a_port() -> None:
    assert read(Listen, "0.0.0.0:9464") == "0.0.0.0:9464"
    assert read(Listen, "9464") == ["expected an address, got the number 9464"]


def test_a_token_that_was_pasted_in_is_not_shown_again() -> None:
    mistakes: list[Mistake] = []
    Decoder(CONFIG_READERS, mistakes).read(Exports, node("- hub: {url: http://x, token: hunter2hunter2}\n"))
    (mistake,) = mistakes
    assert "hunter2" not in "".join(mistake_lines(mistake))
    assert mistake.hint == "{file: /run/secrets/token} or {env: HUB_TOKEN}"
