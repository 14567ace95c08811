import asyncio
import socket
import ssl
from collections.abc import Callable
from time import monotonic

import pytest
import uvloop

from probe.demo.shop import Faults, Shop

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
DELAY = 0.5


@pytest.mark.parametrize("new_loop", LOOPS)
def test_tls_delay_lengthens_the_handshake_and_not_the_connect(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def visit() -> tuple[float, float]:
        async with Shop(tls=True, faults=Faults(tls_delay=DELAY)) as shop:
            return await asyncio.to_thread(_connect_and_shake_hands, shop)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        connect, handshake = runner.run(visit())
    assert handshake >= DELAY
    assert connect < handshake / 2


def _connect_and_shake_hands(shop: Shop) -> tuple[float, float]:
    assert shop.ca_pem
    trust = ssl.create_default_context(cadata=shop.ca_pem.decode())
    began = monotonic()
    with socket.create_connection(("127.0.0.1", _port(shop))) as plain:
        connected = monotonic()
        with trust.wrap_socket(plain, server_hostname="localhost"):
            return connected - began, monotonic() - connected


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_client_that_gives_up_or_talks_nonsense_does_no_harm(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def visit() -> None:
        async with Shop(tls=True) as shop:
            for nonsense in (b"", b"GET / HTTP/1.1\r\n\r\n"):
                reader, writer = await asyncio.open_connection("127.0.0.1", _port(shop))
                writer.write(nonsense)
                writer.write_eof()
                await reader.read()
                writer.close()
            await asyncio.to_thread(_connect_and_shake_hands, shop)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(visit())


@pytest.mark.parametrize("new_loop", LOOPS)
def test_closing_does_not_wait_for_a_handshake(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def visit() -> bytes:
        async with Shop(tls=True, faults=Faults(tls_delay=3600)) as shop:
            reader, writer = await asyncio.open_connection("127.0.0.1", _port(shop))
            await asyncio.sleep(0.05)
        async with asyncio.timeout(30):
            rest = await reader.read()
        writer.close()
        return rest

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(visit()) == b""


def _port(shop: Shop) -> int:
    assert shop.https_url
    return int(shop.https_url.rsplit(":", 1)[1])
