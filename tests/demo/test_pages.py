import re

import pytest
from aiohttp import ClientSession

from probe.demo.catalog import CATALOG

PAGES = ["/", "/search?q=shirt", "/products/MUG-ENAMEL", "/cart", "/checkout", "/nowhere"]


async def test_the_landing_page_shows_every_product_and_a_search_box(visitor: ClientSession) -> None:
    async with visitor.get("/") as page:
        html = await page.text()
    assert re.findall(r'href="/products/([^"]+)"', html) == [product.sku for product in CATALOG]
    assert re.search(r'<input type="search" name="q"', html)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_no_script_and_no_other_host(buyer: ClientSession, path: str) -> None:
    async with buyer.get(path) as page:
        html = await page.text()
    assert "<script" not in html
    assert re.findall(r'(?:src|href|action)="(?!/)[^"]*"', html) == []


@pytest.mark.parametrize("path", PAGES)
async def test_no_cache_keeps_a_page(buyer: ClientSession, path: str) -> None:
    async with buyer.get(path) as page:
        assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
async def test_no_template_value_is_left_open(buyer: ClientSession, path: str) -> None:
    async with buyer.get(path) as page:
        assert "$" not in await page.text()


async def test_the_cart_in_the_bar_counts_what_is_in_it(buyer: ClientSession) -> None:
    async with buyer.get("/") as page:
        assert '<span class="badge">1</span>' in await page.text()


async def test_what_is_sold_out_cannot_be_ordered(visitor: ClientSession) -> None:
    async with visitor.get("/products/PRINT-HARBOUR") as page:
        assert '<button class="primary" disabled>Sold out</button>' in await page.text()
