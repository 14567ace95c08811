from decimal import Decimal
from typing import Any

import pytest

from probe.model.duration import Duration
from probe.model.journey import Currency, Label, Percent
from probe.model.place import Place
from probe.model.template import Text, Texts, Value
from probe.spec.scalars import LONGEST_NAME, inside
from probe.steps.http_action import Follow
from tests.spec.reading import read_as

UNIT = "a number and a unit, such as 500ms, 2s, 1m30s, 12h or 7d"


def _plain(value: Any) -> Any:
    match value:
        case Text():
            return value.literal if value.literal is not None else value.parts
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case tuple():
            return [_plain(item) for item in value]
    return value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "NO", "NO"),
        (str, "1.10", "1.10"),
        (str, "true", "true"),
        (str, '""', ""),
        (Label, "add to cart", "add to cart"),
        (Label, "x" * LONGEST_NAME, "x" * LONGEST_NAME),
        (Label, "404", "404"),
        (bool, "true", True),
        (bool, "FALSE", False),
        (Duration, "1m30s", 90 * 10**9),
        (Duration, "'500ms'", 500 * 10**6),
        (Percent, "99.9%", 0.999),
        (Percent, "100%", 1.0),
        (Decimal, "19.90", Decimal("19.90")),
        (Decimal, "0", Decimal(0)),
        (Currency, "EUR", "EUR"),
        (Follow, "false", 0),
        (Follow, "50", 50),
        (Text, "1.10", "1.10"),
        (Text, "0123", "0123"),
        (Text, "12:30", "12:30"),
        (Text, "$${x}", "${x}"),
        (Texts, "a", ["a"]),
        (Texts, "[a, 1.0, NO]", ["a", "1.0", "NO"]),
        (Value, "{a: [1, 1.5, null, NO, 12:30, 2026-01-01]}", {"a": [1, 1.5, None, "NO", "12:30", "2026-01-01"]}),
        (Value, "0x1F", 31),
    ],
)
def test_a_value_is_read_as_what_its_key_asks_for(kind: Any, text: str, value: Any) -> None:
    read = _plain(read_as(kind, text))
    assert read == value
    assert type(read) is type(value) or kind is Duration


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (str, "[a]", "expected text, got a list ()"),
        (str, "~", 'expected text, got nothing (empty text is written "")'),
        (str, "${x}", "expected plain text, got a template (this is fixed when the file is loaded)"),
        (Label, "''", 'expected a name in one line, got "" ()'),
        (Label, "' '", 'expected a name in one line, got " " ()'),
        (Label, '"a\\tb"', 'expected a name in one line, got "a\tb" ()'),
        (Label, "x" * 201, "the name has 201 characters, at most 200 are kept (shorten it)"),
        (bool, "'true'", 'expected true or false, got "true" ()'),
        (bool, "Yes", 'expected true or false, got "Yes" (in YAML 1.2 yes is a text; write true or false)'),
        (bool, "1", "expected true or false, got the number 1 ()"),
        (Duration, "30", "expected a duration, got the number 30 (write the unit: 30ms, 30s or 30m)"),
        (Duration, "1.5", "expected a duration, got the number 1.5 (write the unit: 1.5ms, 1.5s or 1.5m)"),
        (Duration, "true", "expected a duration, got true (such as 500ms or 2s)"),
        (Duration, "[1s]", "expected a duration, got a list (such as 500ms or 2s)"),
        (Duration, "12:30", f'expected a duration, got "12:30" ({UNIT})'),
        (Duration, "400d", 'expected a duration, got "400d" (at most 366d)'),
        *[
            (Percent, text, f"expected a percentage above 0% and up to 100%, got {shown} (for example 99.9%)")
            for text, shown in (
                ("99.9", "the number 99.9"),
                ("0%", '"0%"'),
                ("101%", '"101%"'),
                ("NaN%", '"NaN%"'),
                ("1_0%", '"1_0%"'),
                ("'% '", '"% "'),
                ("-1%", '"-1%"'),
            )
        ],
        *[
            (Decimal, text, f"expected a number from 0, without quotes, got {shown} (for example 19.90)")
            for text, shown in (
                ("-1", "the number -1"),
                ("'1'", '"1"'),
                ("1e3", "the number 1e3"),
                ("0x1F", "the number 0x1F"),
                ("true", "true"),
            )
        ],
        (Currency, "euro", 'expected three capital letters, got "euro" (an ISO 4217 code, such as EUR)'),
        (Follow, "0", "expected false or a number from 1 to 50, got the number 0 (follow: 5)"),
        (Follow, "true", "expected false or a number from 1 to 50, got true (follow: 5)"),
        (Follow, "51", "expected false or a number from 1 to 50, got the number 51 (follow: 5)"),
        (Text, "{a: 1}", "expected text, got a mapping ()"),
        (Value, "0123", '0123 would be read as the number 123 (for text write "0123", for the number 123)'),
        (Value, "[.nan]", ".nan is no number JSON has (quote it to make it text)"),
    ],
)
def test_what_is_none_is_told_with_what_was_expected(kind: Any, text: str, told: str) -> None:
    assert read_as(kind, text) == [told]


@pytest.mark.parametrize(
    ("line", "column", "text", "columns"),
    [
        ("a: ${x}", 4, "${x}", (6, 7)),
        ('a: "${x}"', 4, "${x}", (7, 8)),
        ('a: "\\x24{x}"', 4, "${x}", (4, 13)),
        ("a: [1, ${x}] # ${x}", 5, "${y}", (5, 13)),
    ],
)
def test_a_place_within_a_scalar_counts_its_quote_and_gives_up_on_escapes(
    line: str, column: int, text: str, columns: tuple[int, int]
) -> None:
    place = inside(Place("a.yaml", 1, column, columns[1] if columns[0] == column else 99, line), text, 2)
    assert (place.column, place.end_column) == columns
