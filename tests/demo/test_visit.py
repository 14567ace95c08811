from aiohttp import ClientSession

from probe.demo.shop import Shop


async def test_the_first_page_opens_a_session_and_the_next_ones_keep_it(shop: Shop, visitor: ClientSession) -> None:
    async with visitor.get("/") as first, visitor.get("/cart") as second:
        cookie = first.cookies["session"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
        assert "session" not in second.cookies
    assert shop.state["sessions"] == 1


async def test_a_session_the_shop_does_not_know_is_replaced(visitor: ClientSession) -> None:
    async with visitor.get("/", cookies={"session": "made-up"}) as page:
        assert page.cookies["session"].value not in ("made-up", "")


async def test_logging_out_ends_the_session_and_clears_the_cookie(shop: Shop, buyer: ClientSession) -> None:
    async with buyer.post("/logout") as bye:
        assert (bye.status, bye.cookies["session"].value) == (204, "")
    assert shop.state["sessions"] == 0
    async with buyer.get("/cart") as cart:
        assert "Your cart is empty" in await cart.text()


async def test_logging_out_twice_is_no_mistake(visitor: ClientSession) -> None:
    for _ in range(2):
        async with visitor.post("/logout") as bye:
            assert bye.status == 204


async def test_what_only_machines_ask_for_opens_no_session(shop: Shop, visitor: ClientSession) -> None:
    for path in ("/healthz", "/static/shop.css", "/api/search?q=mug", "/nowhere"):
        await visitor.get(path)
    assert shop.state["sessions"] == 0


async def test_a_form_that_is_none_is_refused(visitor: ClientSession) -> None:
    garbage = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    async with visitor.post("/cart", data=b"\xff\xfe", headers=garbage) as answer:
        assert answer.status == 400
