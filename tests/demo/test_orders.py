import pytest

from probe.demo.basket import Basket
from probe.demo.catalog import CATALOG
from probe.demo.faults import NO_FAULTS, Faults
from probe.demo.orders import EmptyBasketError, Orders
from probe.demo.session import Session


def _buyer() -> Session:
    return Session(basket=Basket().with_quantity(CATALOG[1], 1))


def test_paying_empties_the_basket_and_opens_an_order() -> None:
    orders, buyer = Orders(), _buyer()
    payment = orders.pay(buyer, "", NO_FAULTS, now=0)
    assert (buyer.basket, len(orders), orders.open(0)) == (Basket(), 1, 1)
    assert payment.order_id
    assert orders.find(payment.order_id)


def test_the_same_key_pays_once() -> None:
    orders, buyer = Orders(), _buyer()
    first, again = orders.pay(buyer, "k", NO_FAULTS, now=0), orders.pay(buyer, "k", NO_FAULTS, now=9)
    assert (again, len(orders), orders.replays) == (first, 1, 1)


def test_without_a_key_every_payment_is_new() -> None:
    orders = Orders()
    orders.pay(_buyer(), "", NO_FAULTS, now=0)
    orders.pay(_buyer(), "", NO_FAULTS, now=0)
    assert (len(orders), orders.replays) == (2, 0)


def test_an_empty_basket_cannot_be_paid_and_its_key_stays_free() -> None:
    orders, buyer = Orders(), Session()
    with pytest.raises(EmptyBasketError):
        orders.pay(buyer, "k", NO_FAULTS, now=0)
    buyer.basket = _buyer().basket
    assert orders.pay(buyer, "k", NO_FAULTS, now=0).order_id


def test_a_declined_card_leaves_the_basket_and_no_order() -> None:
    orders, buyer = Orders(), _buyer()
    payment = orders.pay(buyer, "k", Faults(declined=True), now=0)
    assert payment.answer == {"status": "declined", "reason": "insufficient_funds"}
    assert (len(orders), orders.declined, buyer.basket.count, orders.paid_with("k")) == (0, 1, 1, None)


@pytest.mark.parametrize(("rejected", "end"), [(False, "confirmed"), (True, "rejected")])
def test_a_pending_order_settles_in_time(rejected: bool, end: str) -> None:
    orders = Orders()
    orders.pay(_buyer(), "k", Faults(confirm_after=5, rejected=rejected), now=10)
    order = orders.paid_with("k")
    assert order
    assert [order.state(now) for now in (10, 14.9, 15)] == ["pending", "pending", end]


def test_a_rejected_order_is_no_longer_open() -> None:
    orders = Orders()
    orders.pay(_buyer(), "k", Faults(confirm_after=5, rejected=True), now=0)
    assert [orders.open(now) for now in (0, 5)] == [1, 0]


def test_cancelling_twice_counts_once() -> None:
    orders = Orders()
    order_id = str(orders.pay(_buyer(), "k", NO_FAULTS, now=0).order_id)
    orders.cancel(order_id)
    order = orders.cancel(order_id)
    assert order
    assert (order.state(99), orders.cancelled, orders.open(99), len(orders)) == ("cancelled", 1, 0, 1)


def test_what_does_not_exist_cannot_be_cancelled() -> None:
    assert Orders().cancel("ord_0") is None
