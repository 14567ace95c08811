import re

import pytest
from aiohttp import ClientSession

from probe.demo.shop import Faults, Shop


async def test_what_was_added_is_in_the_cart_with_its_total(visitor: ClientSession, csrf: str) -> None:
    for sku, qty in (("TSHIRT-M", 1), ("MUG-ENAMEL", 2), ("TSHIRT-M", 1)):
        async with visitor.post("/cart", data={"sku": sku, "qty": qty, "csrf": csrf}) as page:
            html = await page.text()
    assert re.findall(r'<tr data-sku="(.+?)">.*?<td class="qty">(\d+)</td>', html, re.DOTALL) == [
        ("MUG-ENAMEL", "2"),
        ("TSHIRT-M", "2"),
    ]
    assert '<span class="total">64.80</span>' in html


async def test_adding_redirects_so_that_reloading_adds_nothing(visitor: ClientSession, csrf: str) -> None:
    form = {"sku": "TSHIRT-M", "qty": 1, "csrf": csrf}
    async with visitor.post("/cart", data=form, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/cart")


@pytest.mark.parametrize("token", [{}, {"csrf": "made-up"}, {"csrf": ""}])
async def test_a_form_without_the_sessions_token_is_forbidden(visitor: ClientSession, token: dict[str, str]) -> None:
    async with visitor.post("/cart", data={"sku": "TSHIRT-M", "qty": 1} | token) as page:
        assert (page.status, page.content_type) == (403, "text/html")


async def test_another_sessions_token_is_forbidden(shop: Shop, csrf: str) -> None:
    async with (
        ClientSession(shop.url) as stranger,
        stranger.post("/cart", data={"sku": "TSHIRT-M", "qty": 1, "csrf": csrf}) as page,
    ):
        assert page.status == 403


@pytest.mark.parametrize("qty", ["0", "-1", "1.5", "many", "", "٣", "9999"])
async def test_a_bad_quantity_is_a_bad_request(visitor: ClientSession, csrf: str, qty: str) -> None:
    async with visitor.post("/cart", data={"sku": "TSHIRT-M", "qty": qty, "csrf": csrf}) as page:
        assert page.status == 400


async def test_an_unknown_product_is_not_found(visitor: ClientSession, csrf: str) -> None:
    async with visitor.post("/cart", data={"sku": "NOPE", "qty": 1, "csrf": csrf}) as page:
        assert page.status == 404


@pytest.mark.parametrize(("sku", "qty"), [("PRINT-HARBOUR", 1), ("CAP-RUST", 10)])
async def test_more_than_there_is_is_out_of_stock(visitor: ClientSession, csrf: str, sku: str, qty: int) -> None:
    async with visitor.post("/cart", data={"sku": sku, "qty": qty, "csrf": csrf}) as page:
        assert (page.status, "out of stock" in await page.text()) == (409, True)


async def test_the_fault_puts_everything_out_of_stock(shop: Shop, visitor: ClientSession, csrf: str) -> None:
    shop.faults = Faults(out_of_stock=True)
    async with visitor.post("/cart", data={"sku": "TSHIRT-M", "qty": 1, "csrf": csrf}) as page:
        assert page.status == 409


async def test_an_empty_cart_offers_a_way_on_and_no_checkout(visitor: ClientSession) -> None:
    async with visitor.get("/cart") as page:
        html = await page.text()
    assert ("Your cart is empty" in html, "/checkout" in html) == (True, False)
