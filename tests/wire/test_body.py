import asyncio
import tracemalloc
from pathlib import Path
from time import perf_counter_ns

import pytest

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.wire.body import PIECE_BYTES, Body, FilePiece, FileTrouble
from probe.wire.client import Client
from probe.wire.marks import Marks
from probe.wire.request import Request
from tests.conftest import Serve
from tests.wire.recording import Recording

LARGE = bytes(range(256)) * 2000


@pytest.fixture
def large(tmp_path: Path) -> FilePiece:
    file = tmp_path / "large"
    file.write_bytes(LARGE)
    return FilePiece(file, len(LARGE))


async def send(client: Client, url: str, body: Body) -> None:
    await client.send(Request("POST", url, (), body), Marks(perf_counter_ns))


def test_its_size_is_that_of_all_its_pieces(large: FilePiece) -> None:
    assert (Body((b"ab", large, b"")).size, Body(()).size) == (len(LARGE) + 2, 0)


@pytest.mark.parametrize("chunked", [False, True])
async def test_it_arrives_whole_and_in_order(client: Client, serve: Serve, large: FilePiece, chunked: bool) -> None:
    server = Recording()
    url = await serve(server.talk)
    await send(client, url, Body((b"<", large, b"|", large, b">"), chunked))
    assert server.bodies == [b"<" + LARGE + b"|" + LARGE + b">"]
    framing = [(name, value) for name, value in server.headers if name in ("Content-Length", "Transfer-Encoding")]
    assert framing == [("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(2 * len(LARGE) + 3))]
    assert (len(server.chunks) > 10, max(server.chunks, default=0) <= PIECE_BYTES) == (chunked, True)


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_empty_body_is_one(client: Client, serve: Serve, chunked: bool) -> None:
    server = Recording()
    url = await serve(server.talk)
    await send(client, url, Body((b"",), chunked))
    await send(client, url, Body((b"next",)))
    assert (server.bodies, server.connections) == ([b"", b"next"], 1)


async def test_it_is_never_in_memory_as_a_whole(client: Client, serve: Serve, tmp_path: Path) -> None:
    file, size = tmp_path / "huge", 64 * 2**20
    with file.open("wb") as sparse:
        sparse.truncate(size)
    came = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        await reader.readuntil(b"\r\n\r\n")
        while came < size:
            came += len(await reader.read(2**16))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    url = await serve(talk)
    tracemalloc.start()
    try:
        await send(client, url, Body((FilePiece(file, size),)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert came == size
    assert peak < size // 8


async def test_a_file_that_is_gone_blames_our_side(client: Client, serve: Serve, large: FilePiece) -> None:
    url = await serve(Recording().talk)
    large.path.unlink()
    with pytest.raises(StepFailure) as raised:
        await send(client, url, Body((large,)))
    message = f"the file {large.path} cannot be read: No such file or directory"
    assert raised.value.failure == Failure(Cause.SCRIPT, message)


def test_a_file_that_shrank_is_not_sent_as_if_it_were_whole(large: FilePiece) -> None:
    large.path.write_bytes(LARGE[:-5])
    with pytest.raises(FileTrouble, match=f"the file {large.path} became 5 bytes shorter while it was sent"):
        list(Body((large,)).read())


def test_of_a_file_that_grew_only_what_was_promised_is_sent(large: FilePiece) -> None:
    large.path.write_bytes(LARGE + b"more")
    assert b"".join(Body((large,)).read()) == LARGE
