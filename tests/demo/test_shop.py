import asyncio
import re
import ssl

from aiohttp import ClientSession, CookieJar, TCPConnector

from probe.demo.shop import Faults, Shop

CARD = {"card": "4242424242424242"}


async def test_a_shopper_finds_a_shirt_puts_it_in_the_cart_and_pays(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(confirm_after=0.1)
    async with visitor.get("/products/TSHIRT-M") as page:
        html = await page.text()
        csrf = re.search(r'name="csrf" value="(.+?)"', html)
        assert page.status == 200
        assert "T-shirt" in html
        assert csrf
    form = {"sku": "TSHIRT-M", "qty": 1, "csrf": csrf[1]}
    async with visitor.post("/cart", data=form, allow_redirects=False) as added:
        assert (added.status, added.headers["Location"]) == (303, "/cart")
    async with visitor.post("/pay", json=CARD, headers={"Idempotency-Key": "k1"}) as paid:
        answer = await paid.json()
        order = answer["order"]["id"]
        assert answer == {
            "status": "paid",
            "order": {"id": order, "state": "pending", "total": 19.90, "currency": "EUR"},
        }
    await _until_confirmed(visitor, order)
    async with visitor.post("/logout") as bye, visitor.delete(f"/orders/{order}") as undone:
        assert bye.status == 204
        assert await undone.json() == {"id": order, "state": "cancelled"}


async def _until_confirmed(visitor: ClientSession, order: str) -> None:
    async with asyncio.timeout(10):
        while True:
            async with visitor.get(f"/orders/{order}") as seen:
                if (await seen.json())["state"] == "confirmed":
                    return
            await asyncio.sleep(0.05)


async def test_the_same_shop_is_open_over_http_and_https() -> None:
    async with Shop(tls=True) as shop:
        assert shop.https_url
        assert shop.ca_pem
        trust = ssl.create_default_context(cadata=shop.ca_pem.decode())
        async with ClientSession(connector=TCPConnector(ssl=trust)) as client:
            for url in (shop.url, shop.https_url, shop.https_url.replace("localhost", "127.0.0.1")):
                async with client.get(f"{url}/healthz") as answer:
                    assert answer.ok
        assert shop.state["requests"] == 3


async def test_over_https_the_session_cookie_is_secure() -> None:
    async with Shop(tls=True) as shop:
        assert shop.ca_pem
        trust = ssl.create_default_context(cadata=shop.ca_pem.decode())
        async with ClientSession(shop.https_url, connector=TCPConnector(ssl=trust)) as client, client.get("/") as page:
            assert page.cookies["session"]["secure"]


async def test_faults_can_be_replaced_while_it_runs(shop: Shop, visitor: ClientSession) -> None:
    for faults, status in ((Faults(status=500), 500), (Faults(), 200)):
        shop.faults = faults
        async with visitor.get("/") as page:
            assert page.status == status


async def test_two_shops_do_not_share_a_thing(shop: Shop, buyer: ClientSession) -> None:
    async with Shop() as other, ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        async with client.get(f"{other.url}/cart", cookies={"session": "stolen"}) as cart:
            assert "Your cart is empty" in await cart.text()
        assert (other.state["sessions"], shop.state["sessions"]) == (1, 1)


async def test_closing_does_not_wait_for_an_answer_that_takes_forever() -> None:
    loop = asyncio.get_running_loop()
    async with Shop(faults=Faults(header_delay=3600)) as shop, ClientSession(shop.url) as client:
        _, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rsplit(":", 1)[1]))
        writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
        async with client.get("/admin/state") as later:
            assert (await later.json())["requests"] == 1
        closing = loop.time()
    assert loop.time() - closing < 30
    writer.close()


async def test_it_can_be_reached_under_the_address_it_names() -> None:
    async with Shop(host="0.0.0.0") as shop, ClientSession() as client, client.get(f"{shop.url}/healthz") as answer:
        assert (shop.url.startswith("http://127.0.0.1:"), answer.status) == (True, 200)
