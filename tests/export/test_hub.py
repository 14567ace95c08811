import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from probe.demo.shop import Shop
from probe.errors import ProbeError
from probe.export.base import Surroundings, Token
from probe.export.hub import Config, open_session, pack, send
from probe.hub.app import Hub
from probe.model.batch import ACKED, Batch, Outcome, Result
from probe.model.duration import Duration
from probe.model.record import encode_record
from probe.spec.decode import Decoder
from probe.spec.load import READERS
from tests.conftest import Serve
from tests.export.receiver import Receiver, answer, cut_off
from tests.spec.reading import node, spelled
from tests.spool.spooled import NOW_NS, records

S = 10**9
TOKEN = "t0ken-0123456789abcdef"
BATCH = Batch("hub", 1, 3, tuple(encode_record(each) for each in records(range(1, 4))))


async def _send(config: Config, folder: Path = Path("/"), batch: Batch = BATCH) -> Outcome:
    async with open_session(config, Surroundings({"HUB_TOKEN": TOKEN}, folder, "probe/1.0")) as session:
        return await send(config, batch, session)


async def _answered(serve: Serve, *answers: Any) -> Outcome:
    return await _send(Config(await serve(Receiver(*answers).talk), token=Token(env="HUB_TOKEN")))


async def test_a_batch_is_one_compressed_post_with_the_token(serve: Serve) -> None:
    receiver = Receiver()
    url = await serve(receiver.talk)
    outcome = await _send(Config(f"{url}/", token=Token(env="HUB_TOKEN")))
    [received] = receiver.received
    lines = received.head.split("\r\n")
    wanted = {
        "POST /api/v1/runs HTTP/1.1",
        f"Authorization: Bearer {TOKEN}",
        "Content-Type: application/x-ndjson",
        "Content-Encoding: gzip",
        "User-Agent: probe/1.0",
    }
    assert (outcome, received.keys, wanted - set(lines)) == (ACKED, ["1", "2", "3"], set())


async def test_without_a_token_no_credential_is_sent(serve: Serve) -> None:
    receiver = Receiver()
    await _send(Config(await serve(receiver.talk)))
    assert "authorization" not in receiver.received[0].head.lower()


def test_the_same_batch_is_the_same_bytes() -> None:
    same = Batch("hub", 1, 3, tuple(bytes(bytearray(line)) for line in BATCH.lines))
    assert pack(BATCH) == pack(same)
    assert pack(BATCH)[4:8] == bytes(4), "gzip's time is in it"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            answer(400, '{"error": "line 2 is no record", "hint": "send it without"}'),
            Outcome(Result.REJECTED, "400 Bad Request: line 2 is no record (send it without)"),
        ),
        (
            answer(400, "The plain HTTP request was sent to HTTPS port"),
            Outcome(
                Result.PAUSED,
                "no hub is at this address: look at the configuration's url "
                "(400 Bad Request: The plain HTTP request was sent to HTTPS port)",
            ),
        ),
        (answer(413, "<html>nginx"), Outcome(Result.REJECTED, "413 Request Entity Too Large: <html>nginx")),
        (answer(500), Outcome(Result.RETRY, "500 Internal Server Error")),
        (answer(429, "slower", Retry_After="7"), Outcome(Result.RETRY, "429 Too Many Requests: slower", 7 * S)),
        (
            answer(401, "who?"),
            Outcome(
                Result.PAUSED,
                "the hub does not know this token: `probe hub token add` makes one (401 Unauthorized: who?)",
            ),
        ),
        (
            answer(404),
            Outcome(Result.PAUSED, "no hub is at this address: look at the configuration's url (404 Not Found)"),
        ),
        (
            answer(307, Location="https://log.in/"),
            Outcome(Result.PAUSED, "it redirects to https://log.in/: is that its address?"),
        ),
        (answer(200, "<html>Log in"), Outcome(Result.RETRY, "200, but not from a hub: <html>Log in")),
        (answer(200, "{}"), Outcome(Result.RETRY, "200, but not from a hub: {}")),
        (answer(200, "\xff"), Outcome(Result.RETRY, "200, but not from a hub: ÿ")),
        (answer(200), Outcome(Result.RETRY, "200, but nothing more")),
        (answer(204), Outcome(Result.PAUSED, "204 No Content")),
        (
            answer(200, '{"new": 1, "duplicate": 1, "quarantined": 0, "refused": []}'),
            Outcome(Result.RETRY, "the hub accounts for 2 of 3 records"),
        ),
        (
            answer(200, '{"new": 0, "duplicate": 1, "quarantined": 1, "refused": [{"key": "3", "reason": "too old"}]}'),
            Outcome(Result.ACKED, "the hub will not keep 1 of 3 records: too old", refused=("3",)),
        ),
        (
            answer(200, '{"new": 3, "duplicate": 0, "quarantined": 0, "refused": [], "seen_from": "8.8.4.4"}'),
            Outcome(Result.ACKED, seen_from="8.8.4.4"),
        ),
        (
            answer(200, '{"new": 3, "duplicate": 0, "quarantined": 0, "refused": [], "stop_writes": "enough"}'),
            Outcome(Result.ACKED, stop_writes="enough"),
        ),
        (
            answer(200, '{"new": 3, "duplicate": 0, "quarantined": 0, "refused": [], "of tomorrow": {}}'),
            ACKED,
        ),
    ],
)
async def test_what_a_hub_answers_decides_what_becomes_of_the_batch(
    serve: Serve, reply: bytes, expected: Outcome
) -> None:
    assert await _answered(serve, reply) == expected


async def test_an_answer_that_is_cut_off_is_none(serve: Serve) -> None:
    outcome = await _answered(serve, cut_off)
    assert (outcome.result, "cut off" in outcome.reason) == (Result.RETRY, True)


async def test_garbage_is_no_answer(serve: Serve) -> None:
    outcome = await _answered(serve, b"\x00\x01 what\r\n\r\n")
    assert (outcome.result, "not HTTP" in outcome.reason) == (Result.RETRY, True)


async def test_an_answer_without_end_is_left_alone(serve: Serve) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 2**16)
            await writer.drain()

    outcome = await _send(Config(await serve(talk)))
    assert (outcome.result, outcome.reason[:30]) == (Result.RETRY, "200, but not from a hub: xxxxx")


async def test_a_hub_that_never_answers_is_given_up_in_time(serve: Serve) -> None:
    url = await serve(Receiver(None).talk)
    outcome = await _send(Config(url, timeout=Duration(S // 10)))
    assert outcome == Outcome(Result.RETRY, f"no answer from {url}/api/v1/runs within 100 ms")


async def test_a_hub_that_is_away_is_asked_again(unused_tcp_port: int) -> None:
    outcome = await _send(Config(f"http://127.0.0.1:{unused_tcp_port}"))
    assert outcome == Outcome(Result.RETRY, f"connection refused by 127.0.0.1:{unused_tcp_port}")


async def test_a_connection_that_is_reset_is_made_again(serve: Serve) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    assert (await _send(Config(await serve(reset)))).result is Result.RETRY


async def test_no_reason_shows_the_token_or_steers_a_terminal(serve: Serve) -> None:
    """An answer may repeat what was sent."""
    outcome = await _answered(serve, answer(500, f"\x1b[2JBearer {TOKEN} " + "x" * 500))
    assert TOKEN not in outcome.reason
    assert outcome.reason.isprintable()
    assert outcome.reason.startswith("500 Internal Server Error: \\x1b[2JBearer [token] xxx")
    assert len(outcome.reason) <= 200


async def test_a_hub_is_trusted_by_the_given_authorities_only(serve: Serve, tmp_path: Path) -> None:
    authority = trustme.CA()
    identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(identity)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    url = await serve(Receiver().talk, identity)
    trusted, untrusted = await _send(Config(url, ca="ca.pem"), tmp_path), await _send(Config(url))
    assert (trusted, untrusted.result, "not trusted" in untrusted.reason) == (ACKED, Result.RETRY, True)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Config("http://127.0.0.1", token=Token(env="NONE")), "the token has no value"),
        (
            Config("http://127.0.0.1", ca="none.pem"),
            "the authorities in {folder}/none.pem cannot be read: No such file",
        ),
        (Config("http://127.0.0.1", ca="bad.pem"), "the authorities in {folder}/bad.pem cannot be read: "),
    ],
)
async def test_a_session_without_what_it_needs_says_so(tmp_path: Path, config: Config, message: str) -> None:
    (tmp_path / "bad.pem").write_text("not a certificate")
    with pytest.raises(ProbeError) as raised:
        await _send(config, tmp_path)
    assert str(raised.value).startswith(message.format(folder=tmp_path))


@pytest.mark.parametrize(
    ("block", "mistake"),
    [
        ("{url: hub.example.com}", "expected http:// or https:// and a host"),
        ("{url: 'https://'}", "expected http:// or https:// and a host"),
        ("{url: 'https://hub.example.com:99999'}", "its host or port is malformed"),
        ("{url: 'https://me:secret@hub.example.com'}", "a name or password has no place in it"),
        ("{url: 'https://hub.example.com/?a=b'}", "expected no ?, # or blank in it"),
        ("{url: 'https://h.example', timeout: 1h}", "expected at most 4 m 00 s"),
        ("{url: 'https://h.example', token: {}}", "expected one place where the token is"),
        ("{url: 'https://h.example', token: {env: A, file: b}}", "expected one place where the token is"),
    ],
)
def test_a_mistake_in_the_configuration_is_shown_where_it_stands(block: str, mistake: str) -> None:
    decoder = Decoder(READERS, [])
    decoder.read_struct(Config, node(block))
    [text] = [spelled(each) for each in decoder.mistakes]
    assert mistake in str(text)
    assert "secret" not in str(text)


async def test_the_hub_itself_takes_a_batch_and_knows_it_again(tmp_path: Path) -> None:
    now_ns = NOW_NS + 10 * S
    async with Hub(tmp_path, now_ns=lambda: now_ns) as itself:
        outcomes = [await _send(Config(itself.url)) for _ in range(2)]
        broken = await _send(Config(itself.url), batch=Batch("hub", 1, 1, (b"{}",)))
        stranger = await _send(Config(itself.url, token=Token(env="HUB_TOKEN")))
    taken = Outcome(Result.ACKED, stop_writes="")
    assert (outcomes, broken.result, stranger.result) == ([taken, taken], Result.REJECTED, Result.PAUSED)
    assert "line 1 is no record" in broken.reason
    assert "probe hub token add" in stranger.reason


async def test_what_is_no_hub_is_not_taken_for_one(shop: Shop) -> None:
    assert (await _send(Config(shop.url))).result is Result.PAUSED


async def test_a_token_of_another_agent_is_told_though_all_was_taken(serve: Serve) -> None:
    taken = '{"new": 3, "duplicate": 0, "quarantined": 0, "refused": [], "region": "eu", "agent": "a", "overruled": 3}'
    outcome = await _answered(serve, answer(200, taken))
    assert (outcome.result, outcome.reason) == (
        Result.ACKED,
        (
            "the token is another agent's: the hub keeps them as those of a in eu; "
            "`probe hub token add` makes one for this region and agent"
        ),
    )


async def test_nothing_can_be_sent_to_see_whether_something_would_be_taken(serve: Serve) -> None:
    taken = '{"new": 0, "duplicate": 0, "quarantined": 0, "refused": [], "region": "eu", "agent": "a"}'
    url = await serve(Receiver(answer(200, taken)).talk)
    outcome = await _send(Config(url), batch=Batch("hub", 0, 0, ()))
    assert (outcome.result, outcome.reason) == (Result.ACKED, "as a in eu, as the token says")
