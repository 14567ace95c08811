"""Exchanges with a server 80 ms away, in a network namespace of its own. Prints what the marks say of them.

python -m tests.wire.far_visits VISITS kept|lost
"""

import asyncio
import sys
from time import perf_counter_ns

import msgspec
from msgspec import Struct

from bench.accuracy.mirror import FAR, NEAR, mirrored
from probe.model.timing import Clock, Phase
from probe.wire.client import open_client
from probe.wire.marks import Marks
from probe.wire.request import Request

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Visit(Struct, frozen=True):
    phases: dict[Phase, int]
    clock: Clock
    rtt_ns: int | None
    min_rtt_ns: int | None
    retransmits: int | None


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    writer.close()


async def _visit(url: str) -> Visit:
    marks = Marks(perf_counter_ns)
    async with open_client(perf_counter_ns, "test") as client:
        await client.send(Request("GET", url), marks)
    return Visit(marks.phases(), marks.clock, marks.rtt_ns, marks.min_rtt_ns, marks.retransmits)


async def main(visits: int, *, syn: str) -> None:
    with mirrored(loses_first_syn=syn == "lost"):
        server = await asyncio.start_server(_answer, NEAR, 0)
        url = f"http://{FAR}:{server.sockets[0].getsockname()[1]}/"
        made = [await _visit(url) for _ in range(visits)]
        server.close()
    print(msgspec.json.encode(made).decode())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), syn=sys.argv[2]))
