"""The other side of an exporter: reads requests off the wire and answers as it is told."""

import asyncio
import gzip
import json
from collections.abc import Callable
from http import HTTPStatus

from msgspec import Struct

from probe.model.record import decode_record


class Received(Struct, frozen=True):
    head: str
    body: bytes

    @property
    def keys(self) -> list[str]:
        return [decode_record(line).key for line in gzip.decompress(self.body).split(b"\n")]


Answer = bytes | Callable[[Received], bytes] | None
"""None never answers."""


def answer(status: int, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Length: {len(body.encode())}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def taken(received: Received) -> bytes:
    """What a hub says that has all of it."""
    return answer(200, json.dumps({"new": len(received.keys), "duplicate": 0, "quarantined": 0, "refused": []}))


def cut_off(received: Received) -> bytes:
    """A hub that took the batch and died while it said so."""
    return taken(received)[:-10]


class Receiver:
    """Answers in turn as told, and from then on like a hub. `serve(receiver.talk)` starts it."""

    def __init__(self, *answers: Answer) -> None:
        self.received: list[Received] = []
        self._answers = list(answers)

    @property
    def keys(self) -> list[list[str]]:
        return [received.keys for received in self.received]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            text = head.decode()
            length = next(line for line in text.lower().split("\r\n") if line.startswith("content-length:"))
            received = Received(text, await reader.readexactly(int(length.split(":")[1])))
            self.received.append(received)
            reply = self._answers.pop(0) if self._answers else taken
            if reply is None:
                await asyncio.Event().wait()
            assert reply is not None
            content = reply if isinstance(reply, bytes) else reply(received)
            writer.write(content)
            await writer.drain()
            if reply is cut_off:
                return
