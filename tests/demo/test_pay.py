import asyncio
import re

import aiohttp
import pytest
from aiohttp import ClientSession

from probe.demo.pay import is_card
from probe.demo.shop import Faults, Shop

CARD = {"card": "4242424242424242"}
KEY = {"Idempotency-Key": "k1"}


async def _pay(client: ClientSession) -> bytes:
    async with client.post("/pay", json=CARD, headers=KEY) as answer:
        assert answer.status == 200
        return await answer.read()


async def test_the_same_key_gives_the_very_same_answer(shop: Shop, buyer: ClientSession) -> None:
    assert await _pay(buyer) == await _pay(buyer)
    assert (shop.state["orders"], shop.state["replays"]) == (1, 1)


async def test_duplicates_at_the_same_time_make_one_order(shop: Shop, buyer: ClientSession) -> None:
    shop.faults = Faults(header_delay=0.1)
    answers = await asyncio.gather(*(_pay(buyer) for _ in range(10)))
    assert (len(set(answers)), shop.state["orders"], shop.state["pay_requests"]) == (1, 1, 10)


async def test_an_answer_lost_in_a_reset_is_given_to_the_replay(shop: Shop, buyer: ClientSession) -> None:
    shop.faults = Faults(reset="after")
    with pytest.raises(aiohttp.ClientOSError):
        await _pay(buyer)
    shop.faults = Faults()
    assert b'"paid"' in await _pay(buyer)
    assert (shop.state["orders"], shop.state["replays"]) == (1, 1)


async def test_paying_empties_the_cart(buyer: ClientSession) -> None:
    await _pay(buyer)
    async with buyer.post("/pay", json=CARD) as again:
        assert (again.status, await again.json()) == (409, {"error": "the cart is empty"})


async def test_a_declined_card_is_a_polite_answer_and_no_order(shop: Shop, buyer: ClientSession) -> None:
    shop.faults = Faults(declined=True)
    async with buyer.post("/pay", json=CARD) as answer:
        declined = {"status": "declined", "reason": "insufficient_funds"}
        assert (answer.status, await answer.json(), shop.state["orders"]) == (200, declined, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"card": 4242424242424242}', b'{"card": "4242"}', b"\xff"])
async def test_what_is_no_card_cannot_pay(shop: Shop, buyer: ClientSession, body: bytes) -> None:
    async with buyer.post("/pay", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, shop.state["orders"]) == (422, 0)
        assert "4242424242424242" in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("card", "verdict"),
    [
        ("4242 4242-42424242", True),
        ("1" * 11, False),
        ("1" * 12, True),
        ("1" * 20, False),
        ("١" * 16, False),
        (7, False),
    ],
)
def test_a_card_is_12_to_19_digits(card: object, verdict: bool) -> None:
    assert is_card(card) == verdict


async def test_a_person_can_pay_without_javascript(shop: Shop, buyer: ClientSession) -> None:
    form = await _checkout_form(buyer) | {"card": "4242 4242 4242 4242"}
    async with buyer.post("/checkout", data=form) as page:
        html = await page.text()
    assert re.fullmatch(r"/orders/ord_\w+/thanks", page.url.path)
    assert ("Thank you" in html, "4242" in html, shop.state["orders"]) == (True, False, 1)


async def test_the_same_form_sent_twice_pays_once(shop: Shop, buyer: ClientSession) -> None:
    form = await _checkout_form(buyer) | CARD
    async with buyer.post("/checkout", data=form) as first, buyer.post("/checkout", data=form) as second:
        assert (first.url, shop.state["orders"]) == (second.url, 1)


@pytest.mark.parametrize(
    ("faults", "card", "status", "problem"),
    [
        (Faults(), "4111-oops", 422, "That is no card number"),
        (Faults(declined=True), "4242424242424242", 200, "Your card was declined"),
    ],
)
async def test_a_card_that_does_not_pay_asks_for_another(
    shop: Shop, buyer: ClientSession, faults: Faults, card: str, status: int, problem: str
) -> None:
    shop.faults = faults
    form = await _checkout_form(buyer)
    async with buyer.post("/checkout", data=form | {"card": card}) as page:
        html = await page.text()
    assert (page.status, problem in html, card in html, form["key"] in html) == (status, True, False, False)


@pytest.mark.parametrize("form", [{}, CARD])
async def test_the_checkout_needs_its_token(buyer: ClientSession, form: dict[str, str]) -> None:
    async with buyer.post("/checkout", data=form) as page:
        assert page.status == 403


async def test_there_is_no_checkout_for_an_empty_cart(visitor: ClientSession, csrf: str) -> None:
    async with visitor.get("/checkout") as page, visitor.post("/checkout", data={"csrf": csrf} | CARD) as paid:
        assert (page.url.path, paid.url.path) == ("/cart", "/cart")


async def _checkout_form(buyer: ClientSession) -> dict[str, str]:
    async with buyer.get("/checkout") as page:
        html = await page.text()
    assert '<label for="card">Card number</label>' in html
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(.+?)"', html))
