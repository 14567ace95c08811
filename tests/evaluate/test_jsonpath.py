from typing import Any

import pytest

from probe.evaluate.jsonpath import LONGEST, PathError, compile_jsonpath, find_all

CART = {"items": [{"sku": "A-1", "price": 5}, {"sku": "B\r2", "price": 7.5}], "total": None}


@pytest.mark.parametrize(
    ("path", "values", "singular"),
    [
        ("$.total", [None], True),
        ("$.missing", [], True),
        ("$.items[-1].price", [7.5], True),
        ("$.items[*].price", [5, 7.5], False),
        ("$..sku", ["A-1", "B\r2"], False),
        ("$.items[?@.price > 6].price", [7.5], False),
        ("$.items[?match(@.sku, 'A-[0-9]')].price", [5], False),
        ("$.items[?search(@.sku, '[0-9]')].price", [5, 7.5], False),
        ("$.items[?match(@.sku, 'A')]", [], False),
        ("$.items[?match(@.sku, 'B.2')]", [], False),
        ("$.items[?match(@.sku, 'B[.\\r]2')].price", [7.5], False),
        (r"$.items[?match(@.sku, 'A\\-1')].price", [5], False),
        ("$.items[?match(@.price, '5')]", [], False),
        ("$.items[?match(@.sku, '(')]", [], False),
        ("$.items[?match(@.sku, @.price)]", [], False),
    ],
)
def test_a_path_finds_its_values_and_says_whether_it_could_find_several(
    path: str, values: list[Any], singular: bool
) -> None:
    assert find_all(path, CART) == (values, singular)


@pytest.mark.parametrize(
    ("path", "message", "offset"),
    [
        ("", "expected '$', found ''", 0),
        ("order.id", "expected '$', found 'o'", 0),
        ("$.items[", "unbalanced brackets", 8),
        ("$.a b", "expected '.', '..' or a bracketed selection, found 'b'", 4),
        ("$[1e400]", "unexpected token 'e' in bracketed selection", 3),
        ("$[?@.a == 1e400]", "a number in it is too large", 0),
        ("$[" + "9" * 5000 + "]", f"longer than {LONGEST} characters", 0),
        ("$[?" + "(" * 480 + "@" + ")" * 480 + "]", "nested too deep", 0),
        ("$[?nope(@)]", "function 'nope' is not defined", 3),
    ],
)
def test_what_is_no_path_is_refused_with_the_place_in_it(path: str, message: str, offset: int) -> None:
    with pytest.raises(PathError) as caught:
        compile_jsonpath(path)
    assert (str(caught.value), caught.value.offset) == (message, offset)


def test_a_pattern_in_a_path_takes_linear_time() -> None:
    assert find_all("$[?match(@, '(x+x+)+y')]", ["x" * 50_000]) == ([], False)


@pytest.mark.parametrize("segment", [".a", "..a", "[0]", "[*]", "[?@]"])
def test_the_longest_path_overflows_nothing(segment: str) -> None:
    path = "$" + segment * ((LONGEST - 1) // len(segment))
    assert find_all(path, {"a": [{"a": 1}]})[0] == []
