from aiohttp import ClientSession

from probe.demo.faults import NO_FAULTS, Faults
from probe.demo.shop import Shop
from probe.demo.state import State

CARD = {"card": "4242424242424242"}


def test_nothing_has_happened_at_first() -> None:
    assert set(State(NO_FAULTS).counters().values()) == {0}


def test_a_reset_forgets_faults_and_orders_alike() -> None:
    state = State(Faults(status=500))
    state.sessions.open()
    state.reset()
    assert (state.faults, state.counters()) == (NO_FAULTS, State(NO_FAULTS).counters())


def test_setting_the_faults_throws_the_dice_anew() -> None:
    state = State(Faults(seed=1))
    first = state.dice.random()
    state.faults = Faults(seed=1)
    assert state.dice.random() == first


async def test_requests_are_counted_but_not_the_admins(shop: Shop, visitor: ClientSession) -> None:
    for path in ("/", "/nowhere", "/admin/state"):
        await visitor.get(path)
    assert shop.state["requests"] == 2


async def test_a_payment_is_counted_even_if_it_never_takes_place(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(error_rate=1)
    await visitor.post("/pay", json=CARD)
    await visitor.post("/checkout", data=CARD)
    assert (shop.state["pay_requests"], shop.state["orders"]) == (2, 0)
