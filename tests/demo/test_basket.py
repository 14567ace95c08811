from probe.demo.basket import Basket, Line
from probe.demo.catalog import CATALOG

SHIRT, MUG = CATALOG[1], CATALOG[8]


def test_an_empty_basket_costs_nothing() -> None:
    assert (Basket().count, Basket().cents, list(Basket())) == (0, 0, [])


def test_a_basket_adds_up() -> None:
    basket = Basket().with_quantity(SHIRT, 2).with_quantity(MUG, 1)
    assert (basket.count, basket.cents, basket.quantity(SHIRT)) == (3, 2 * 1990 + 1250, 2)


def test_the_same_product_stays_one_line() -> None:
    basket = Basket().with_quantity(SHIRT, 2).with_quantity(SHIRT, 3)
    assert list(basket) == [Line(SHIRT, 3)]
