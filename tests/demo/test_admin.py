import pytest
from aiohttp import ClientSession

from probe.demo.shop import Faults, Shop

CARD = {"card": "4242424242424242"}


async def test_the_state_is_what_the_shop_object_says(shop: Shop, buyer: ClientSession) -> None:
    await buyer.post("/pay", json=CARD)
    async with buyer.get("/admin/state") as answer:
        assert await answer.json() == shop.state
    assert shop.state == {
        "requests": 4,
        "sessions": 1,
        "pay_requests": 1,
        "replays": 0,
        "declined": 0,
        "orders": 1,
        "cancelled": 0,
        "open_orders": 1,
    }


async def test_faults_are_replaced_as_a_whole(shop: Shop, visitor: ClientSession) -> None:
    await visitor.put("/admin/faults", json={"header_delay": 0.5})
    async with visitor.put("/admin/faults", json={"status": 500}) as answer:
        assert await answer.json() == Faults(status=500).as_json()
    async with visitor.get("/admin/faults") as shown:
        assert await shown.json() == Faults(status=500).as_json()
    assert shop.faults == Faults(status=500)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('{"truncat": true}', "truncat: no such fault; did you mean truncate?"),
        ('{"truncate": "yes"}', "truncate: expected true or false, got 'yes'"),
        ("[]", 'faults: expected an object such as {"header_delay": 0.2}, got []'),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
async def test_a_wrong_fault_changes_nothing(shop: Shop, visitor: ClientSession, body: str, complaint: str) -> None:
    shop.faults = Faults(header_delay=0.01)
    async with visitor.put("/admin/faults", data=body) as answer:
        assert (answer.status, await answer.json()) == (400, {"error": complaint})
    assert shop.faults == Faults(header_delay=0.01)


async def test_a_reset_forgets_everything(shop: Shop, buyer: ClientSession) -> None:
    shop.faults = Faults(status=500)
    async with buyer.post("/admin/reset") as answer:
        assert set((await answer.json()).values()) == {0}
    assert shop.faults == Faults()
