import pytest
from aiohttp import ClientSession, CookieJar

from probe.demo.shop import Faults, Shop

CARD = {"card": "4242424242424242"}


@pytest.fixture
async def order(buyer: ClientSession) -> str:
    async with buyer.post("/pay", json=CARD, headers={"Idempotency-Key": "k1"}) as paid:
        return str((await paid.json())["order"]["id"])


@pytest.mark.parametrize("path", ["/orders/{}", "/orders/{}/thanks"])
async def test_an_order_is_shown_to_its_buyer_only(shop: Shop, buyer: ClientSession, order: str, path: str) -> None:
    path = path.format(order)
    async with (
        ClientSession(shop.url, cookie_jar=CookieJar(unsafe=True)) as stranger,
        buyer.get(path) as mine,
        stranger.get(path) as theirs,
    ):
        assert (mine.status, theirs.status) == (200, 404)


async def test_an_order_that_never_was_is_not_found(visitor: ClientSession) -> None:
    async with visitor.get("/orders/ord_0") as shown, visitor.delete("/orders/ord_0") as cancelled:
        assert (shown.status, cancelled.status) == (404, 404)


@pytest.mark.parametrize(
    ("faults", "state"),
    [
        (Faults(confirm_after=3600), "pending"),
        (Faults(confirm_after=0), "confirmed"),
        (Faults(confirm_after=0, rejected=True), "rejected"),
    ],
)
async def test_an_orders_state_follows_the_knobs(shop: Shop, buyer: ClientSession, faults: Faults, state: str) -> None:
    shop.faults = faults
    async with buyer.post("/pay", json=CARD) as paid:
        order = (await paid.json())["order"]["id"]
    async with buyer.get(f"/orders/{order}") as shown:
        assert await shown.json() == {"id": order, "state": state, "total": 19.90, "currency": "EUR"}


async def test_cancelling_again_is_fine_and_counts_once(shop: Shop, buyer: ClientSession, order: str) -> None:
    for _ in range(2):
        async with buyer.delete(f"/orders/{order}") as answer:
            assert (answer.status, await answer.json()) == (200, {"id": order, "state": "cancelled"})
    assert (shop.state["orders"], shop.state["cancelled"], shop.state["open_orders"]) == (1, 1, 0)


async def test_an_order_can_be_cancelled_when_its_session_is_over(shop: Shop, buyer: ClientSession, order: str) -> None:
    await buyer.post("/logout")
    async with buyer.delete(f"/orders/{order}") as answer:
        assert (answer.status, shop.state["open_orders"]) == (200, 0)


async def test_an_order_is_found_by_the_key_it_was_paid_with(visitor: ClientSession, order: str) -> None:
    async with visitor.get("/api/orders", params={"key": "k1"}) as found:
        assert (await found.json())["id"] == order
    async with visitor.get("/api/orders", params={"key": "k2"}) as missing, visitor.get("/api/orders") as keyless:
        assert (missing.status, keyless.status) == (404, 404)
