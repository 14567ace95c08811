from enum import StrEnum
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from probe.model.duration import Duration
from probe.spec.decode import BAD, Decoder
from probe.spec.load import READERS
from probe.steps.base import ActionError
from tests.spec.reading import node, read_as, spelled


class _Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class _Inner(Struct, frozen=True):
    size: Annotated[Duration, Meta(ge=1_000_000, description="A size.")]


class _Sample(Struct, frozen=True):
    name: Annotated[str, Meta(description="A name.")]
    filled: int
    colour: Annotated[_Colour, Meta(description="A colour.")] = _Colour.RED
    inner: Annotated[_Inner | None, Meta(description="An inner.")] = None
    many: Annotated[tuple[_Inner, ...], Meta(description="Many.")] = ()
    named: Annotated[dict[str, str], Meta(description="Named.")] = {}

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ActionError("no name is bad", "choose another", "name")


def _read(text: str) -> Any:
    decoder = Decoder(READERS, [])
    value = decoder.read_struct(_Sample, node(text), filled=1)
    return [spelled(mistake) for mistake in decoder.mistakes] or value


def test_a_struct_is_read_by_the_types_of_its_fields() -> None:
    text = "{name: 5, colour: green, inner: {size: 2ms}, many: [{size: 1s}], named: {a: NO}}"
    inner, item = _Inner(Duration(2_000_000)), _Inner(Duration(10**9))
    assert _read(text) == _Sample("5", 1, _Colour.GREEN, inner, (item,), {"a": "NO"})


def test_all_mistakes_of_a_struct_are_told_at_once() -> None:
    text = "{nam: 5, colour: gren, inner: {size: 1}, many: [{size: 0s}, {}, 3], named: [a], filled: 2}"
    assert _read(text) == [
        "1:2 nam: unknown key nam",
        '1:18 gren: expected one of red, green, got "gren"',
        "1:38 1: expected a duration, got the number 1",
        '1:56 0s: expected at least 1ms, got "0s"',
        "1:61 {: the key size is missing",
        "1:65 3: expected a mapping with size, got the number 3",
        "1:76 [: expected a mapping, got a list",
        "1:81 filled: unknown key filled",
        "1:1 {: the key name is missing",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5", "expected a mapping with name, got the number 5 (for example {name: 5})"),
        ("'a: b'", 'expected a mapping with name, got "a: b" (for example {name: "a: b"})'),
        ("name:x", 'expected a mapping with name, got "name:x" (put a space after the colon: name: x)'),
        ("~", "expected a mapping with name, got nothing ()"),
        ("[a]", "expected a mapping with name, got a list ()"),
        ("{colour: bleu, name: x}", 'expected one of red, green, got "bleu" ()'),
        ("{colour: Red, name: x}", 'expected one of red, green, got "Red" (did you mean red?)'),
        ("{many: a, name: x}", 'expected a list, got "a" (each item starts with a dash: - …)'),
        ("{named: a, name: x}", 'expected a mapping, got "a" ({name: value})'),
    ],
)
def test_a_mistake_says_what_was_expected_what_came_and_what_to_do(text: str, told: str) -> None:
    assert read_as(_Sample, text) == [told]


def test_keys_that_do_not_go_together_are_told_at_the_key_to_blame() -> None:
    assert _read("{colour: red, name: bad}") == ["1:15 name: no name is bad"]


def test_a_value_that_cannot_be_read_is_bad_and_noted_once() -> None:
    decoder = Decoder(READERS, [])
    assert decoder.read(_Inner, node("{size: x}")) is BAD
    assert len(decoder.mistakes) == 1
