"""The other side: HTTP, HTTPS and a name server, in a process of their own. Says at its end who asked for what.

python -m bench.accuracy.server IDENTITY THINK_SECONDS LISTEN_ON NAMES_ARE
"""

import asyncio
import ssl
import struct
import sys
from collections import Counter
from ipaddress import ip_address
from typing import Any

import uvloop

from bench.accuracy.reading import Asked, say


class Origin(asyncio.Protocol):
    """Answers GET /SIZE/JOURNEY/STEP after it has thought for a while."""

    transport: asyncio.Transport

    def __init__(self, think_s: float, asked: list[Asked], connections: Counter[int]) -> None:
        self.think_s = think_s
        self.asked = asked
        self.connections = connections
        self.requests = 0
        self.came = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("peername")[1]
        self.connection = self.connections[self.port]
        self.connections[self.port] += 1

    def data_received(self, data: bytes) -> None:
        self.came += data
        if self.came.endswith(b"\r\n\r\n"):
            size, journey, step = map(int, self.came.split(b" ", 2)[1][1:].split(b"/"))
            self.came = b""
            self.asked.append(Asked(journey, step, self.port, self.connection, self.requests))
            self.requests += 1
            asyncio.get_running_loop().call_later(self.think_s, self.answer, size)

    def answer(self, size: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))


class Names(asyncio.DatagramProtocol):
    """Every name is at one address, and has none of IPv6."""

    transport: asyncio.DatagramTransport

    def __init__(self, address: str) -> None:
        self._address = ip_address(address).packed

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        end = data.index(b"\0", 12) + 5
        wants_ipv4 = data[end - 3] == 1
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + self._address if wants_ipv4 else b""
        head = data[:2] + struct.pack("!HHHHH", 0x8180, 1, int(wants_ipv4), 0, 0)
        self.transport.sendto(head + data[12:end] + record, addr)


async def serve(identity: str, think_s: float, host: str, named: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(identity)
    loop = asyncio.get_running_loop()
    asked: list[Asked] = []
    counts: tuple[Counter[int], Counter[int]] = Counter(), Counter()
    ports = []
    for context, connections in zip((None, tls), counts, strict=True):
        server = await loop.create_server(
            lambda connections=connections: Origin(think_s, asked, connections), host, 0, ssl=context, backlog=4096
        )
        ports.append(server.sockets[0].getsockname()[1])
    names, _ = await loop.create_datagram_endpoint(lambda: Names(named), ("127.0.0.1", 0))
    ports.append(names.get_extra_info("sockname")[1])
    print(*ports, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until the measurement is over
    say(asked)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], float(sys.argv[2]), *sys.argv[3:]))
