import asyncio
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from probe.hub.answers import Refusal
from probe.hub.app import Hub
from probe.hub.inflate import zstd
from probe.hub.ingest import Ingest
from probe.model.record import Record, encode_record
from probe.safety import switch
from tests.hub.conftest import SMALL
from tests.hub.records import DAY, NOW, PHASES, SECOND, a_run, beat, gap_record, run_record, slots_record

RUNS = "/api/v1/runs"
NOTHING = {"new": 0, "duplicate": 0, "quarantined": 0, "refused": [], "stop_writes": ""}


def lines(*records: Record) -> bytes:
    return b"\n".join(map(encode_record, records))


async def post(client: aiohttp.ClientSession, body: bytes, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(RUNS, data=body, headers=named) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("identity", bytes), ("gzip", gzip.compress), ("GZIP", gzip.compress), ("zstd", zstd.compress)],
    ids=["identity", "gzip", "capitals", "zstd"],
)
async def test_a_batch_is_taken_in_every_encoding(
    hub: Hub, client: aiohttp.ClientSession, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(lines(run_record(), beat()) + b"\n\n")
    told = await post(client, body, Content_Encoding=encoding)
    assert (told, hub.store.run("run-1")) == ((200, {**NOTHING, "new": 2}), a_run())


async def test_every_record_of_a_batch_is_accounted_for_and_a_replay_changes_nothing(
    client: aiohttp.ClientSession,
) -> None:
    body = lines(run_record(), run_record("early", NOW + DAY), run_record("old", NOW - 40 * DAY))
    refused = [{"key": "old", "reason": "older than what is kept here"}]
    first, again = await post(client, body), await post(client, body)
    assert first == (200, {**NOTHING, "new": 1, "quarantined": 1, "refused": refused})
    assert again == (200, {**NOTHING, "duplicate": 2, "refused": refused})


async def test_the_answer_says_from_where_it_came_when_that_is_not_this_machine(client: aiohttp.ClientSession) -> None:
    told = await post(client, b"", X_Forwarded_For="8.8.4.4, 10.0.0.3")
    assert told == (200, {**NOTHING, "seen_from": "8.8.4.4"})


async def test_the_answer_says_what_time_it_is(client: aiohttp.ClientSession) -> None:
    async with client.post(RUNS, data=b"") as response:
        assert (response.status, "Date" in response.headers, await response.json()) == (200, True, NOTHING)


async def test_region_and_agent_are_the_tokens_whatever_a_record_says(
    hub: Hub, client: aiohttp.ClientSession, ingest_token: str
) -> None:
    other: dict[str, Any] = {"region": "us-east-1", "agent": "x"}
    body = lines(run_record(**other), slots_record("s", 1, NOW // (60 * SECOND), **other), beat(**other))
    told = await post(client, body, Authorization=f"Bearer {ingest_token}")
    run, (agent,) = hub.store.run("run-1"), hub.store.agents()
    (slots,) = hub.store.slots("prod", "checkout", 0, NOW)
    owners = [(one.region, one.agent) for one in (run, agent, agent.beat, slots) if one is not None]
    assert (told[0], owners) == (200, [("eu-west-1", "agent-1")] * 4)


async def test_whose_records_are_kept_as_somebody_elses_is_told_and_logged_once(
    client: aiohttp.ClientSession, ingest_token: str, caplog: pytest.LogCaptureFixture
) -> None:
    odd = lines(run_record(region="us-east-1", agent="x"), run_record("own"))
    first, again = [await post(client, odd, Authorization=f"Bearer {ingest_token}") for _ in range(2)]
    own = {"region": "eu-west-1", "agent": "agent-1"}
    assert first == (200, {**NOTHING, "new": 2, **own, "overruled": 1})
    assert again == (200, {**NOTHING, "duplicate": 2, **own, "overruled": 1})
    told = [message for message in caplog.messages if "token" in message]
    assert told == ["token 1 is of agent-1 in eu-west-1: what x in us-east-1 sends with it is kept as theirs"]


async def test_without_tokens_a_record_says_whose_it_is(hub: Hub, client: aiohttp.ClientSession) -> None:
    await post(client, lines(gap_record("g", NOW, NOW), run_record(region="us-east-1")))
    assert [agent.region for agent in hub.store.agents()] == ["eu-west-1", "us-east-1"]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{", "line 2 is no record: Input data was truncated"),
        (b"[]", "line 2 is no record: Expected `object`, got `array`"),
        (b'{"kind":"dream"}', "line 2 is no record: Invalid value 'dream' - at `$.kind`"),
        (b'{"kind":"run"}', "line 2 is no record: Object missing required field `run`"),
        (b"\xff\xfe", "line 2 is no record: JSON is malformed: invalid character (byte 0)"),
        (
            lines(run_record("x", schema=7)),
            "line 2 is no record: this Run record has schema 7; 0 to 2 can be read",
        ),
    ],
    ids=["cut", "array", "kind", "empty", "binary", "schema"],
)
async def test_a_line_that_cannot_be_read_is_named_and_nothing_is_taken(
    hub: Hub, client: aiohttp.ClientSession, bad: bytes, why: str
) -> None:
    told = await post(client, lines(run_record()) + b"\n" + bad + b"\n" + lines(beat()))
    hint = "nothing of the batch was taken: send it without this line"
    assert (told, hub.store.run("run-1"), hub.store.agents()) == ((400, {"error": why, "hint": hint}), None, [])


async def test_a_line_nested_too_deeply_is_named(client: aiohttp.ClientSession) -> None:
    nested = b'"variables":{"x":' + b"[" * 9000 + b"]" * 9000 + b"},"
    deep = lines(run_record()).replace(b'"steps"', nested + b'"steps"', 1)
    status, told = await post(client, deep)
    assert (status, told["error"].startswith("line 1 is no record: maximum recursion")) == (400, True)


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (gzip.compress(b"x" * 99)[:-3], "gzip", "the body cannot be unpacked: the compressed data is cut short"),
        (b"no gzip", "gzip", "the body cannot be unpacked: Error -3 while decompressing data: incorrect header check"),
        (b"{}", "br", "the body cannot be unpacked: the encoding br is not known here; gzip, zstd and identity are"),
    ],
    ids=["cut", "none", "unknown"],
)
async def test_a_body_that_cannot_be_unpacked_is_refused(
    client: aiohttp.ClientSession, body: bytes, encoding: str, why: str
) -> None:
    status, told = await post(client, body, Content_Encoding=encoding)
    assert (status, told["error"]) == (400, why)


def bomb(encoding: str) -> bytes:
    """128 MiB of zeros."""
    packer = zstd.ZstdCompressor(9) if encoding == "zstd" else zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(128)) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_bomb_is_refused(client: aiohttp.ClientSession, encoding: str) -> None:
    packed = bomb(encoding)[:49_000]  # small enough to be received, and far too large unpacked
    told = await post(client, packed, Content_Encoding=encoding)
    assert told == (413, {"error": "more than 100000 bytes unpacked", "hint": "send smaller batches"})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b" " * 50_001, "more than 50000 bytes"),
        (b"\n" * 50, "more than 50 lines"),
        (lines(run_record(description="x" * 45_000)), "more than 40000 bytes in a line"),
    ],
    ids=["bytes", "lines", "a long line"],
)
async def test_a_batch_that_is_too_large_is_refused(client: aiohttp.ClientSession, body: bytes, error: str) -> None:
    assert await post(client, body) == (413, {"error": error, "hint": "send smaller batches"})


@pytest.mark.parametrize("framing", ["Content-Length: 9999", "Transfer-Encoding: chunked"])
async def test_nothing_is_taken_of_a_request_that_breaks_off(hub: Hub, framing: str) -> None:
    port = int(hub.url.rpartition(":")[2])
    body = lines(run_record()) + b"\n"
    framed = body if "Length" in framing else b"%x\r\n%b\r\n" % (len(body), body)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {RUNS} HTTP/1.1\r\nHost: 127.0.0.1\r\n{framing}\r\n\r\n".encode() + framed)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with aiohttp.ClientSession(hub.url) as client:
        after = await post(client, lines(run_record("run-2")))
    assert (after[0], hub.store.run("run-1")) == (200, None)


async def test_who_sent_a_request_that_broke_off_is_told_to_send_it_again(hub: Hub) -> None:
    loop = asyncio.get_running_loop()
    broken = aiohttp.StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    broken.set_exception(aiohttp.ClientPayloadError("cut"))
    ingest = Ingest(hub.store, SMALL)
    with pytest.raises(Refusal) as told:
        await ingest.post(make_mocked_request("POST", RUNS, payload=broken))
    ingest.close()
    assert (told.value.status, str(told.value), told.value.hint) == (408, "the batch broke off: cut", "send it again")


async def test_a_body_that_does_not_come_is_not_waited_for_and_others_are_served_meanwhile(
    hub: Hub, client: aiohttp.ClientSession
) -> None:
    port = int(hub.url.rpartition(":")[2])
    head = f"POST {RUNS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n".encode()
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for _, writer in slow:
        writer.write(head)
    served = await post(client, lines(run_record()))
    answers = [await reader.readline() for reader, _ in slow]
    for _, writer in slow:
        writer.close()
    assert (served[0], answers) == (200, [b"HTTP/1.1 408 Request Timeout\r\n"] * 2)


async def test_more_batches_at_once_than_there_is_room_for_are_asked_to_come_again(
    hub: Hub, client: aiohttp.ClientSession
) -> None:
    port = int(hub.url.rpartition(":")[2])
    head = f"POST {RUNS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n".encode()
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for _, writer in slow:
        writer.write(head)
    await asyncio.sleep(0.3)
    async with client.post(RUNS, data=lines(run_record())) as response:
        busy = response.status, response.headers["Retry-After"], (await response.json())["error"]
    for reader, writer in slow:
        await reader.readline()
        writer.close()
    assert busy == (503, "2", "too many batches at once")
    assert (await post(client, lines(run_record())))[0] == 200


async def test_a_full_disk_is_told_and_nothing_is_taken(hub: Hub, client: aiohttp.ClientSession) -> None:
    with hub.store._database.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    noise = [run_record(f"run-{n}", description=repr(PHASES) * 3) for n in range(40)]
    async with client.post(RUNS, data=gzip.compress(lines(*noise)), headers={"Content-Encoding": "gzip"}) as response:
        full = response.status, response.headers["Retry-After"], (await response.json())["error"]
    assert full == (507, "60", "the hub's disk is full: database or disk is full")
    assert hub.store.run("run-1") is None


async def test_a_database_that_cannot_be_written_is_told(hub: Hub, client: aiohttp.ClientSession) -> None:
    with hub.store._database.transaction() as connection:
        connection.execute("DROP TABLE slots")
    async with client.post(RUNS, data=lines(run_record(), slots_record("s", 1, NOW // SECOND // 60))) as response:
        broken = response.status, response.headers["Retry-After"], json.loads(await response.text())["error"]
    assert broken == (503, "15", "the hub cannot use its data: no such table: slots")
    assert hub.store.run("run-1") is None


async def test_the_answer_says_when_no_agent_may_write(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    switch.stop(tmp_path / "hub" / switch.FILE, "the warehouse is upset")
    stopped = await post(client, b"")
    switch.allow(tmp_path / "hub" / switch.FILE)
    assert [stopped, await post(client, b"")] == [
        (200, {**NOTHING, "stop_writes": "the warehouse is upset"}),
        (200, NOTHING),
    ]
