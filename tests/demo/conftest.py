import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientTimeout, CookieJar

from probe.demo.shop import Shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with Shop() as shop:
        yield shop


@pytest.fixture
async def visitor(shop: Shop) -> AsyncIterator[ClientSession]:
    """A client with a session of its own and an empty cart."""
    jar, patience = CookieJar(unsafe=True), ClientTimeout(total=30)
    async with ClientSession(shop.url, cookie_jar=jar, timeout=patience) as session:
        yield session


@pytest.fixture
async def csrf(visitor: ClientSession) -> str:
    async with visitor.get("/products/TSHIRT-M") as page:
        found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
    assert found
    return found[1]


@pytest.fixture
async def buyer(visitor: ClientSession, csrf: str) -> ClientSession:
    """The visitor, with one T-shirt in the cart."""
    async with visitor.post("/cart", data={"sku": "TSHIRT-M", "qty": 1, "csrf": csrf}) as cart:
        assert cart.ok
    return visitor
