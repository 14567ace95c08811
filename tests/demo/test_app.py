import pytest
from aiohttp import ClientSession


@pytest.mark.parametrize(("name", "media_type"), [("shop.css", "text/css"), ("icon.svg", "image/svg+xml")])
async def test_the_shop_serves_its_own_assets(visitor: ClientSession, name: str, media_type: str) -> None:
    async with visitor.get(f"/static/{name}") as answer:
        assert (answer.status, answer.content_type) == (200, media_type)


@pytest.mark.parametrize("path", ["/nowhere", "/static/shop.js", "/static/..%2fshop.py"])
async def test_what_is_not_there_has_a_page_that_says_so(visitor: ClientSession, path: str) -> None:
    async with visitor.get(path) as page:
        assert (page.status, "Back to the shop" in await page.text()) == (404, True)


async def test_a_wrong_method_is_told_the_right_ones(visitor: ClientSession) -> None:
    async with visitor.delete("/cart") as page:
        assert (page.status, page.headers["Allow"]) == (405, "GET,HEAD,POST")


async def test_it_says_when_it_is_well(visitor: ClientSession) -> None:
    async with visitor.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
