import pytest

from probe.demo.catalog import CATALOG, find, search


def test_every_sku_stands_for_one_product() -> None:
    assert [find(product.sku) for product in CATALOG] == list(CATALOG)
    assert find("NOPE") is None


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("shirt", ["TSHIRT-S", "TSHIRT-M", "TSHIRT-L", "SHIRT-OXFORD"]),
        ("SHIRT classic -m", ["TSHIRT-M"]),
        ("mug-enamel", ["MUG-ENAMEL"]),
        ("submarine", []),
    ],
)
def test_search_finds_what_carries_all_words_in_any_case_and_order(query: str, skus: list[str]) -> None:
    assert [product.sku for product in search(query)] == skus


def test_an_empty_search_finds_everything() -> None:
    assert search("  ") == list(CATALOG)


def test_json_prices_are_in_euros() -> None:
    shirt = find("TSHIRT-M")
    assert shirt
    assert shirt.as_json() == {
        "sku": "TSHIRT-M",
        "name": "Classic T-shirt, M",
        "price": 19.90,
        "currency": "EUR",
        "stock": 25,
    }
