import re

import pytest
from aiohttp import ClientSession


async def test_results_name_article_and_price(visitor: ClientSession) -> None:
    async with visitor.get("/search", params={"q": "shirt"}) as page:
        html = await page.text()
    pattern = r'<li class="result" data-sku="(.+?)"><a href="/products/(.+?)">.*?</a> <span class="price">(.+?)</span>'
    assert re.findall(pattern, html, re.DOTALL) == [
        ("TSHIRT-S", "TSHIRT-S", "19.90"),
        ("TSHIRT-M", "TSHIRT-M", "19.90"),
        ("TSHIRT-L", "TSHIRT-L", "19.90"),
        ("SHIRT-OXFORD", "SHIRT-OXFORD", "49.00"),
    ]


@pytest.mark.parametrize(("query", "count"), [("shirt", "4 results"), ("mug", "1 result"), ("yacht", "0 results")])
async def test_results_are_counted(visitor: ClientSession, query: str, count: str) -> None:
    async with visitor.get("/search", params={"q": query}) as page:
        assert f'<p class="count">{count}</p>' in await page.text()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '" onfocus="alert(1)', "</title><b>", "${x} $x $$"])
async def test_a_hostile_search_is_shown_and_not_obeyed(visitor: ClientSession, hostile: str) -> None:
    async with visitor.get("/search", params={"q": hostile}) as page:
        html = await page.text()
    assert page.status == 200
    assert re.search(r'<script|"\s*onfocus|</title><b>', html) is None


async def test_the_search_api_answers_in_json(visitor: ClientSession) -> None:
    async with visitor.get("/api/search", params={"q": "mug"}) as answer:
        mug = {"sku": "MUG-ENAMEL", "name": "Enamel mug", "price": 12.5, "currency": "EUR", "stock": 44}
        assert await answer.json() == {"query": "mug", "total": 1, "items": [mug]}


async def test_a_product_page_has_name_price_stock_and_a_form(visitor: ClientSession) -> None:
    async with visitor.get("/products/TSHIRT-M") as page:
        html = await page.text()
    assert "<h1>Classic T-shirt, M</h1>" in html
    assert '<p class="price">19.90</p>' in html
    assert "25 in stock" in html
    assert re.findall(r'<input type="\w+" name="(csrf|sku|qty)"', html) == ["csrf", "sku", "qty"]


async def test_an_unknown_product_is_not_found(visitor: ClientSession) -> None:
    async with visitor.get("/products/<b>") as page:
        assert (page.status, "We have no article &lt;b&gt;." in await page.text()) == (404, True)
