"""A server that keeps every request as it came over the wire, byte by byte."""

import asyncio

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Recording:
    def __init__(self, answer: bytes = ANSWER) -> None:
        self.answer = answer
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.chunks: list[int] = []
        """The sizes of the chunks of what was sent in chunks."""
        self.connections = 0

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Those of the latest request."""
        pairs = [line.partition(": ") for line in self.heads[-1].split("\r\n")[1:]]
        return [(name, value) for name, _, value in pairs]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.headers]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
            self.heads.append(head)
            lower = {name.lower(): value for name, value in self.headers}
            if lower.get("transfer-encoding") == "chunked":
                self.bodies.append(await self._read_chunks(reader))
            else:
                self.bodies.append(await reader.readexactly(int(lower.get("content-length", "0"))))
            writer.write(self.answer)

    async def _read_chunks(self, reader: asyncio.StreamReader) -> bytes:
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
            self.chunks.append(size)
        assert await reader.readexactly(2) == b"\r\n"
        return body
