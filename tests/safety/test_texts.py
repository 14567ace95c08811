from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from probe.safety.texts import map_texts


class _Colour(StrEnum):
    RED = "red"


class _Inner(Struct, frozen=True):
    note: str
    colour: _Colour


class _Record(Struct, frozen=True):
    number: int | None
    numbers: dict[_Colour, int]
    when: datetime
    text: str | None
    some: tuple[int | str, ...]
    nested: list[_Inner]
    anything: Any


INNER = _Inner("a", _Colour.RED)
RECORD = _Record(1, {_Colour.RED: 2}, datetime(2026, 1, 31, tzinfo=UTC), "b", (3, "c"), [INNER], {"d": [INNER, 4]})


def _same(part: Any) -> Any:
    return part


def test_a_text_is_mapped_in_every_field_that_can_hold_one() -> None:
    upper = replace(INNER, note="A")
    expected = replace(RECORD, text="B", some=(3, "C"), nested=[upper], anything={"D": [upper, 4]})
    assert map_texts(RECORD, str.upper, _same) == expected


def test_a_number_is_asked_about_where_a_text_may_stand_in_its_place() -> None:
    assert map_texts(RECORD, _same, str) == replace(RECORD, anything={"d": [INNER, "4"]})
    assert map_texts([1, True, 2.5, None], _same, str) == ["1", True, 2.5, None]


@pytest.mark.parametrize("record", [RECORD, "a", ("a", 1), [2.5, None], {"b": ("c", {}), 3: [True]}])
def test_where_nothing_changes_the_record_is_the_same_object(record: Any) -> None:
    assert map_texts(record, _same, _same) is record
