import asyncio
import socket

import pytest

from probe.demo.accept import accept


async def test_every_connection_has_a_task_of_its_own() -> None:
    met: asyncio.Queue[socket.socket] = asyncio.Queue()

    async def welcome(connection: socket.socket) -> None:
        await met.put(connection)
        await asyncio.Event().wait()

    listening = _listen()
    async with accept(listening, welcome):
        guests = [socket.create_connection(listening.getsockname()) for _ in range(3)]
        peers = {(await met.get()).getpeername() for _ in guests}
        assert peers == {guest.getsockname() for guest in guests}
    assert [guest.recv(1) for guest in guests] == [b"", b"", b""]
    for guest in guests:
        guest.close()


async def test_at_the_end_nobody_listens() -> None:
    async def welcome(connection: socket.socket) -> None:
        connection.close()

    listening = _listen()
    address = listening.getsockname()
    async with accept(listening, welcome):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


async def test_an_error_of_the_caller_comes_out_as_it_is() -> None:
    async def welcome(connection: socket.socket) -> None:
        connection.close()

    with pytest.raises(LookupError):
        async with accept(_listen(), welcome):
            raise LookupError


def _listen() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))
