"""Whatever comes instead of an answer is the target's: with answers and handshakes mutated at random a run passes, or
fails in a cause of the target's, and never in a traceback.

`PROBE_MUTATIONS` says how many (2,000 unless said), `PROBE_SEED` begins elsewhere.
"""

import asyncio
import gzip
import os
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from probe.model.result import Run, Trigger, Verdict
from probe.runner import run_journey
from probe.settings import Settings
from probe.spec.load import read_journey
from probe.spec.source import Source
from tests.faults.handshakes import identity, trust

Serve = Callable[..., Awaitable[str]]

COUNT = int(os.environ.get("PROBE_MUTATIONS", "2000"))
SEED = int(os.environ.get("PROBE_SEED", "0"))
SHARES = 4
AT_ONCE = 8

JOURNEY = read_journey(
    Source(
        "mutated.yaml",
        """\
journey: mutated
variables: {shop: '${env("SHOP")}'}
steps:
  - name: look
    timeout: 30s
    http: {get: '${shop}'}
    check:
      - {status: 200}
      - {header: X-A, exists: true, soft: true}
      - {cookie: a, equals: b, soft: true}
      - {jsonpath: $.a, equals: 1, soft: true}
      - {css: h1, contains: hello, soft: true}
      - {regex: 'h(.)llo', equals: e, soft: true}
    capture: {said: {body: }}
""",
    )
)
HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nSet-Cookie: a=b; Path=/; Max-Age=9; SameSite=Lax\r\n"
HTML = "<html><h1>hello, Zoë</h1></html>".encode()
ZIPPED = gzip.compress(HTML)
ANSWERS = (
    HEAD + b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(HTML) + HTML,
    HEAD + b'Content-Type: application/json\r\n\r\n{"a": 1, "b": [null, "\\u00e4"]}',
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\n",
    HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED) + ZIPPED,
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.0 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n",
)
TOKENS = (
    *(bytes((byte,)) for byte in b'\0\t\n\r !"#%,-/0159:;<=>AZaz[]{}~\x7f\x80\xc3\xff'),
    *(b"\r\n", b"\r\n\r\n", b"\n\n", b": ", b"HTTP/1.1 ", b"HTTP/9.9 ", b"100 ", b"101 ", b"999 ", b"0\r\n\r\n", b"-1"),
    *(
        b"9" * 30,
        b"f" * 20,
        b"x" * 70_000,
        b"a: b\r\n" * 200,
        b"chunked",
        b"gzip",
        b"br",
        b"zstd",
        b"deflate",
        b"klingon",
    ),
    *(b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Upgrade: h2c\r\n"),
    *(b"charset=utf-7", b"charset=idna", b"charset=unicode_escape", b"\x16\x03\x03\x00\x7a", b"\x1f\x8b\x08"),
)


def mutated(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        until = at + rng.choice((0, 0, 1, 1, 2, 20))
        token = rng.choice((b"", bytes((rng.randrange(256),)), rng.choice(TOKENS)))
        data = data[:at] + token + data[until:]
    return data


class Mutating:
    """Says what comes next, in one piece or two, and closes."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.said: list[bytes] = []

    async def say(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        data = mutated(data, self.rng)
        self.said.append(data)
        cut = self.rng.choice((0, self.rng.randrange(len(data) + 1)))
        writer.write(data[:cut])
        await asyncio.sleep(0)
        writer.write(data[cut:])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await self.say(self.rng.choice(ANSWERS), writer)

    async def shake(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The server's part of a handshake, which answers the client's very greeting."""
        came, flight = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = identity().wrap_bio(came, flight, server_side=True)
        came.write(await reader.read(65536))
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        await self.say(flight.read(), writer)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("kind", ["answer", "shake"])
async def test_a_mutated_answer_is_the_targets(serve: Serve, kind: str, share: int) -> None:
    broken: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context))
    server = Mutating(random.Random(f"{SEED} {kind} {share}"))
    url = await serve(getattr(server, kind))
    if kind == "shake":
        url = url.replace("http://127.0.0.1", "https://localhost")
    for _ in range(COUNT // SHARES // (1 if kind == "answer" else 4) // AT_ONCE):
        runs = await asyncio.gather(*(_look(url) for _ in range(AT_ONCE)))
        ours = [run.failure for run in runs if run.verdict not in (Verdict.PASSED, Verdict.FAILED)]
        assert (ours, broken) == ([], []), server.said[-AT_ONCE:]


async def _look(url: str) -> Run:
    settings = Settings(trigger=Trigger.MANUAL, region="here", agent="me", environ={"SHOP": url}, tls=trust())
    async with asyncio.timeout(60):
        return await run_journey(JOURNEY, settings)
