import asyncio
from collections.abc import Callable
from time import monotonic

import aiohttp
import pytest
import uvloop
from aiohttp import ClientSession

from probe.demo.shop import Faults, Shop

CARD = {"card": "4242424242424242"}


async def test_header_delay_holds_back_the_headers(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(header_delay=0.2)
    began = monotonic()
    async with visitor.get("/"):
        assert monotonic() - began >= 0.2


async def test_chunk_delay_holds_back_the_body_and_not_the_headers(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(chunk_delay=0.2, chunks=4)
    began = monotonic()
    async with visitor.get("/bytes/1000") as answer:
        to_headers = monotonic() - began
        body = await answer.read()
        to_end = monotonic() - began
    assert (len(body), answer.content_length) == (1000, 1000)
    assert to_end >= 0.6
    assert to_end - to_headers >= 0.3


async def test_chunks_leave_the_answer_as_it_was(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(chunk_delay=0.001, chunks=7)
    async with visitor.get("/") as page:
        assert (await page.text()).rstrip().endswith("</html>")
        assert (page.content_type, "session" in page.cookies) == ("text/html", True)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
async def test_errors_come_at_the_given_rate(shop: Shop, visitor: ClientSession, share: float) -> None:
    shop.faults = Faults(error_rate=share, error_status=502)
    failed = 0
    for _ in range(60):
        async with visitor.get("/healthz") as answer:
            failed += answer.status == 502
    assert share * 60 - 15 < failed < share * 60 + 15


async def test_the_same_seed_makes_the_same_errors(shop: Shop, visitor: ClientSession) -> None:
    rounds = []
    for _ in range(2):
        shop.faults = Faults(error_rate=0.5, seed=7)
        rounds.append([await _status(visitor, "/healthz") for _ in range(20)])
    assert rounds[0] == rounds[1]


async def test_an_error_is_given_instead_of_acting(shop: Shop, buyer: ClientSession) -> None:
    shop.faults = Faults(error_rate=1)
    async with buyer.post("/pay", json=CARD) as answer:
        assert (answer.status, shop.state["orders"]) == (503, 0)


async def test_a_forced_status_is_given_after_acting(shop: Shop, buyer: ClientSession) -> None:
    shop.faults = Faults(status=500)
    async with buyer.post("/pay", json=CARD) as answer:
        assert (answer.status, (await answer.json())["status"], shop.state["orders"]) == (500, "paid", 1)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_reset_is_a_real_one_on_every_event_loop(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def visit() -> None:
        async with Shop(faults=Faults(reset="before")) as shop:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rsplit(":", 1)[1]))
            writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(visit())


@pytest.mark.parametrize(("reset", "orders"), [("before", 0), ("after", 1)])
async def test_a_reset_comes_before_or_after_acting(shop: Shop, buyer: ClientSession, reset: str, orders: int) -> None:
    shop.faults = Faults.from_json({"reset": reset})
    with pytest.raises(aiohttp.ClientOSError):
        await buyer.post("/pay", json=CARD)
    assert (shop.state["pay_requests"], shop.state["orders"]) == (1, orders)


async def test_a_truncated_body_is_half_of_what_was_announced(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(truncate=True)
    async with visitor.get("/bytes/1000") as answer:
        assert (answer.content_length, answer.headers.get("Connection")) == (1000, None)
        assert len(await answer.content.readexactly(500)) == 500
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()


@pytest.mark.parametrize("path", ["/status/204", "/status/304"])
async def test_an_answer_without_a_body_has_none_to_cut(shop: Shop, visitor: ClientSession, path: str) -> None:
    shop.faults = Faults(truncate=True, chunk_delay=0.01)
    assert await _status(visitor, path) == int(path[-3:])
    async with visitor.head("/") as answer:
        assert answer.status == 200


async def test_a_challenge_stands_before_the_shop(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(challenge=True)
    async with visitor.get("/") as answer:
        assert (answer.status, answer.headers["cf-mitigated"]) == (403, "challenge")
        assert "Just a moment..." in await answer.text()


async def test_faults_strike_only_below_their_path(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(status=500, path="/search")
    assert [await _status(visitor, path) for path in ("/search?q=x", "/", "/cart")] == [500, 200, 200]


async def test_faults_never_strike_the_admin(shop: Shop, visitor: ClientSession) -> None:
    shop.faults = Faults(reset="before")
    assert await _status(visitor, "/admin/state") == 200


async def _status(client: ClientSession, path: str) -> int:
    async with client.get(path) as answer:
        return answer.status
