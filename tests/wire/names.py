"""A name server on loopback that answers as a test tells it to."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from queue import Queue
from threading import Thread
from typing import Any, Final

SILENCE: Final = "silence"
TRUNCATED: Final = "truncated"
"""Over UDP; over TCP there is an address."""
GARBAGE: Final = "garbage"
LOOP: Final = "loop"
"""It is an alias of itself."""
NODATA: Final[tuple[str, ...]] = ()
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5

Said = int | str | tuple[str, ...] | dict[int, tuple[bytes, ...]]
"""A code, a way to misbehave, addresses, or the data of records by their type."""
_TYPES = {4: 1, 6: 28}


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, names: Mapping[str, Said], delay_s: float) -> None:
        self.names = dict(names)
        self.delay_s = delay_s
        self.asked: list[str] = []
        self.transport: asyncio.DatagramTransport
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = self.answer(data, udp=True)
        if answer is not None:
            asyncio.get_running_loop().call_later(self.delay_s, self._send, answer, addr)

    def _send(self, answer: bytes, address: Any) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(answer, address)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(EOFError, OSError):  # until the client goes away
            while True:
                answer = self.answer(await reader.readexactly(int.from_bytes(await reader.readexactly(2))), udp=False)
                assert answer
                writer.write(len(answer).to_bytes(2) + answer)
        writer.close()

    def answer(self, question: bytes, *, udp: bool) -> bytes | None:
        name, end = _name(question)
        kind = int.from_bytes(question[end : end + 2])
        self.asked.append(name)
        said = self.names.get(name, NXDOMAIN)
        if said == SILENCE:
            return None
        if said == GARBAGE:
            return question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question[12 : end + 4] + b"\xc0\x0c\0\1"
        if said == LOOP:
            alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 3600, 2) + b"\xc0\x0c"
            return question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question[12 : end + 4] + alias
        if said == TRUNCATED:
            said = ("127.0.0.9",)
            code = 0x0200 if udp else 0
        else:
            code = said if isinstance(said, int) else 0
        found = said if isinstance(said, dict) else _addresses(said) if isinstance(said, tuple) and code < 16 else {}
        parts = [b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 3600, len(data)) + data for data in found.get(kind, ())]
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(parts), 0, 0)
        return head + question[12 : end + 4] + b"".join(parts)


def _addresses(said: tuple[str, ...]) -> dict[int, tuple[bytes, ...]]:
    addresses = [ip_address(each) for each in said]
    return {
        kind: tuple(each.packed for each in addresses if each.version == version) for version, kind in _TYPES.items()
    }


@contextmanager
def name_server(names: Mapping[str, Said], delay_s: float = 0) -> Iterator[NameServer]:
    """In a thread of its own: it answers while the test's loop does something else."""
    ready: Queue[tuple[NameServer, Callable[[], object]]] = Queue()
    thread = Thread(target=lambda: asyncio.run(_serve(names, delay_s, ready)))
    thread.start()
    server, stop = ready.get()
    try:
        yield server
    finally:
        stop()
        thread.join()


async def _serve(
    names: Mapping[str, Said], delay_s: float, ready: "Queue[tuple[NameServer, Callable[[], object]]]"
) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    udp, tcp = _pair()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(names, delay_s), sock=udp)
    listening = await asyncio.start_server(server.converse, sock=tcp)
    ready.put((server, lambda: loop.call_soon_threadsafe(stopped.set)))
    await stopped.wait()
    listening.close()
    transport.close()


def _pair() -> tuple[socket.socket, socket.socket]:
    """Sockets on one port, which is free for both."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)  # a burst of questions
        try:
            udp.bind(tcp.getsockname())
            return udp, tcp
        except OSError:
            udp.close()
            tcp.close()


def _name(question: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1
