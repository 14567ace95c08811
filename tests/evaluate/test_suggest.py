import pytest

from probe.evaluate.suggest import closest, did_you_mean

KNOWN = ("get", "post", "headers", "json")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("header", "headers"), ("HEADERS", "headers"), ("GET", "get"), ("jsno", "json"), ("pots", "post"), ("body", None)],
)
def test_the_closest_word_is_found_whatever_its_case(word: str, meant: str | None) -> None:
    assert closest(word, KNOWN) == meant


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("header", KNOWN, "did you mean headers?"),
        ("xyz", KNOWN, "known here: get, headers, json, post"),
        ("xyz", (), ""),
        ("less", ("exists", "below"), "known here: below, exists"),
    ],
)
def test_a_hint_names_the_close_word_or_all(word: str, known: tuple[str, ...], hint: str) -> None:
    assert did_you_mean(word, known) == hint


def test_an_endless_word_is_no_more_work_than_a_long_one() -> None:
    assert closest("headers" * 200_000, KNOWN) is None
