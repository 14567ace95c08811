import pytest

from probe.export.text import cells, cut, excerpt, mistake_lines, padded, printable, quoted, wrapped
from probe.model.place import Mistake, Place


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "plain"), ("\x1b[2J", "\\x1b[2J"), ("a\u202eb", "a\\u202eb"), ("T-shirt é 商", "T-shirt é 商")],
)
def test_what_could_steer_a_terminal_is_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"), [("a  b\nc", 10, "a b c"), ("abcdef", 4, "abc…"), ("商品商品", 5, "商品…")]
)
def test_text_is_cut_to_columns(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected


def test_text_of_no_columns_is_cut_to_the_mark_that_it_was() -> None:
    assert cut("abc", 0) == "…"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("1234 12 %", ["1234", "12 %"]),
        ("商品 商品商", ["商品", "商品商"]),
        ("abcdefghijk x", ["abcdefg…", "x"]),
        ("a\x1b b", ["a\\x1b b"]),
    ],
)
def test_lines_are_wrapped_at_blanks(text: str, lines: list[str]) -> None:
    assert wrapped(text, 8) == lines


def test_wide_characters_take_two_columns() -> None:
    assert (cells("商a"), padded("商a", 5)) == (3, "商a  ")


def test_the_caret_stands_under_what_is_meant() -> None:
    assert list(excerpt(Place("f", 12, 7, 10, "名前: x abc"))) == ["  12 | 名前: x abc", "     |         ^^^"]


def test_a_place_beyond_the_kept_line_has_no_caret() -> None:
    assert list(excerpt(Place("f", 1, 300, 301, "short"))) == ["  1 | short"]


def test_an_empty_line_is_not_shown() -> None:
    assert list(excerpt(Place("f", 1, 1, 2, ""))) == []


def test_a_mistake_shows_place_line_caret_and_hint() -> None:
    mistake = Mistake(Place("f.yaml", 3, 3, 5, "a: no"), "expected yes", "write yes")
    assert list(mistake_lines(mistake)) == ["f.yaml:3:3: expected yes", "  3 | a: no", "    |   ^^", "    = write yes"]


def test_names_of_steps_stand_in_quotation_marks_where_nothing_can_be_set_off() -> None:
    assert quoted("*add to cart* is down; 5 * 3") == '"add to cart" is down; 5 * 3'
