import asyncio
import hashlib
import tracemalloc
from time import perf_counter_ns

import pytest

from probe.errors import StepFailure
from probe.model.observation import MAX_BODY
from probe.model.result import Cause
from probe.wire.client import Answer, Client
from probe.wire.marks import Marks
from probe.wire.received import Received
from probe.wire.request import Request
from tests.conftest import Serve
from tests.wire.packing import PACK, bomb
from tests.wire.recording import Recording

TEXT = b"The quay is long, and the boats are small. " * 20_000
KEPT = 900


def answer(body: bytes, *headers: str, chunked: bool = False) -> bytes:
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = "\r\n".join(["HTTP/1.1 200 OK", framing, *headers]).encode() + b"\r\n\r\n"
    return head + (b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body)


async def get(client: Client, serve: Serve, said: bytes, received: Received | None = None) -> Answer:
    url = await serve(Recording(said).talk)
    return await client.send(Request("GET", url), Marks(perf_counter_ns), received)


async def failed(client: Client, serve: Serve, said: bytes, received: Received | None = None) -> str:
    with pytest.raises(StepFailure) as raised:
        await get(client, serve, said, received)
    assert raised.value.failure.cause is Cause.PROTOCOL
    return raised.value.failure.message.partition(" of 127.0.0.1:")[2].partition(" ")[2]


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("coding", PACK)
async def test_a_body_is_decoded_from_each_coding(client: Client, serve: Serve, coding: str, chunked: bool) -> None:
    packed = PACK[coding](TEXT)
    received = Received()
    seen = await get(client, serve, answer(packed, f"Content-Encoding: {coding}", chunked=chunked), received)
    assert (seen.body, seen.body_bytes, seen.notes, received.wire_bytes) == (TEXT, len(TEXT), (), len(packed))


async def test_layers_are_decoded_over_several_header_lines(client: Client, serve: Serve) -> None:
    packed = PACK["br"](PACK["gzip"](TEXT))
    seen = await get(client, serve, answer(packed, "Content-Encoding: gzip", "Content-Encoding: br"))
    assert seen.body == TEXT


@pytest.mark.parametrize("said", ["HTTP/1.1 204 None\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"])
async def test_no_body_is_never_wrongly_encoded(client: Client, serve: Serve, said: str) -> None:
    seen = await get(client, serve, f"{said}Content-Encoding: gzip\r\n\r\n".encode())
    assert (seen.body, seen.notes) == (b"", ())


@pytest.mark.parametrize("coding", PACK)
async def test_what_is_not_encoded_as_it_says_blames_the_target(client: Client, serve: Serve, coding: str) -> None:
    message = await failed(client, serve, answer(b"<html>a page</html>", f"Content-Encoding: {coding}"))
    assert message.startswith(f"is not {coding}, as it says: ")


@pytest.mark.parametrize("coding", PACK)
async def test_what_ends_too_early_blames_it_too_and_is_kept(client: Client, serve: Serve, coding: str) -> None:
    packed, received = PACK[coding](TEXT)[:-1], Received()
    message = await failed(client, serve, answer(packed, f"Content-Encoding: {coding}"), received)
    assert message == f"breaks off: its {coding} data has no end after {len(packed)} bytes"
    assert (received.status, TEXT.startswith(received.body)) == (200, True)


async def test_a_coding_that_nobody_knows_is_a_note(client: Client, serve: Serve) -> None:
    seen = await get(client, serve, answer(b"as it came", "Content-Encoding: none"))
    assert (seen.body, seen.notes) == (
        b"as it came",
        ("the Content-Encoding none is unknown: the body is as it came",),
    )


async def test_a_charset_that_nobody_knows_is_a_note(client: Client, serve: Serve) -> None:
    seen = await get(client, serve, answer(b"a", "Content-Type: text/plain; charset=klingon"))
    assert (seen.charset, seen.notes) == (
        "utf-8",
        ("the charset klingon is unknown: the body is read as utf-8",),
    )


@pytest.mark.parametrize("size", [KEPT - 1, KEPT, KEPT + 1, 10 * KEPT])
@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_what_is_beyond_the_limit_is_hashed_and_not_kept(
    client: Client, serve: Serve, size: int, coding: str
) -> None:
    body = TEXT[:size]
    said = answer(PACK[coding](body), f"Content-Encoding: {coding}") if coding else answer(body)
    seen = await get(client, serve, said, Received(KEPT))
    digest = hashlib.sha256(body).hexdigest() if size > KEPT else ""
    assert (seen.body, seen.body_bytes, seen.sha256) == (body[:KEPT], size, digest)
    assert seen.notes == (
        (f"the body was cut at max_body, 900 B of {size_text(size)}; its SHA-256 is {digest}",) if digest else ()
    )


def size_text(size: int) -> str:
    return {KEPT + 1: "901 B", 10 * KEPT: "8.8 KiB"}[size]


@pytest.mark.parametrize("coding", PACK)
async def test_a_bomb_goes_off_in_neither_memory_nor_time(client: Client, serve: Serve, coding: str) -> None:
    packed, received = bomb(coding), Received()
    tracemalloc.start()
    try:
        message = await failed(client, serve, answer(packed, f"Content-Encoding: {coding}"), received)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert message.startswith("unpacks from ")
    assert message.endswith(": a decompression bomb, or max_body is too small for it")
    assert received.body_bytes <= max(MAX_BODY, 100 * received.wire_bytes) + 2**18
    assert peak < 8 * MAX_BODY


async def test_a_large_body_that_unpacks_as_bodies_do_is_no_bomb(client: Client, serve: Serve) -> None:
    page = b"".join(b"%d is not %d\n" % (number, number * number) for number in range(50_000))
    seen = await get(client, serve, answer(PACK["gzip"](page), "Content-Encoding: gzip"), Received(KEPT))
    assert (seen.body_bytes, seen.sha256) == (len(page), hashlib.sha256(page).hexdigest())


async def test_what_came_of_an_endless_answer_is_kept(client: Client, serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"d\r\ndata: first\n\n\r\n")
        await reader.read()

    received = Received()
    url = await serve(talk)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await client.send(Request("GET", url), Marks(perf_counter_ns), received)
    assert (received.status, received.body, received.headers[0]) == (
        200,
        b"data: first\n\n",
        ("Content-Type", "text/event-stream"),
    )


async def test_other_runs_get_their_turn_while_much_is_unpacked(client: Client, serve: Serve) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    url = await serve(Recording(answer(PACK["zstd"](bytes(MAX_BODY)), "Content-Encoding: zstd")).talk)
    async with asyncio.TaskGroup() as group:
        counting = group.create_task(count())
        before = turns
        await client.send(Request("GET", url), Marks(perf_counter_ns))
        counting.cancel()
    assert turns - before > 9
