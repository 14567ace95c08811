import base64
from pathlib import Path

import aiohttp
import pytest

from probe.hub.app import Hub
from probe.hub.facts import Scope
from probe.hub.tokens import digest_of
from tests.hub.records import NOW

RUNS = "/api/v1/runs"
OVERVIEW = "/api/v1/overview"
INGEST_HINT = "make one on the hub: probe hub token add --region REGION --agent AGENT"


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def send(client: aiohttp.ClientSession, headers: dict[str, str] | None = None) -> int:
    async with client.post(RUNS, data=b"", headers=headers) as response:
        return response.status


async def look(client: aiohttp.ClientSession, path: str = OVERVIEW, headers: dict[str, str] | None = None) -> int:
    async with client.get(path, headers=headers) as response:
        return response.status


async def test_without_tokens_this_machine_may_send_and_look(client: aiohttp.ClientSession) -> None:
    assert (await send(client), await look(client), await look(client, "/")) == (200, 200, 200)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8320", "LOCALHOST.", "[::1]:8320", "127.9.9.9:1"])
async def test_every_loopback_name_is_known(client: aiohttp.ClientSession, host: str) -> None:
    assert (await send(client, {"Host": host}), await look(client, headers={"Host": host})) == (200, 200)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8320", "192.168.0.1", "[::2]", "127.0.0.1.evil.example", "[", ""]
)
async def test_without_tokens_a_name_made_to_point_here_is_refused(client: aiohttp.ClientSession, host: str) -> None:
    headers = {"Host": host}
    assert (await send(client, headers), await look(client, headers=headers), await look(client, "/", headers)) == (
        403,
        403,
        403,
    )


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://[x"])
async def test_a_page_from_elsewhere_may_not_send(client: aiohttp.ClientSession, origin: str) -> None:
    assert await send(client, {"Origin": origin}) == 403


async def test_the_hubs_own_page_may_send(hub: Hub, client: aiohttp.ClientSession) -> None:
    assert await send(client, {"Origin": hub.url}) == 200


async def test_with_an_ingest_token_sending_needs_it_and_looking_does_not(
    client: aiohttp.ClientSession, ingest_token: str
) -> None:
    assert [await send(client), await send(client, bearer(ingest_token)), await look(client)] == [401, 200, 200]


async def test_with_a_read_token_looking_needs_it_and_sending_does_not(
    client: aiohttp.ClientSession, read_token: str
) -> None:
    looks = [await look(client, path, headers) for path in ("/", OVERVIEW) for headers in (None, basic(read_token))]
    assert (looks, await send(client)) == ([401, 200, 401, 200], 200)


async def test_a_browser_is_asked_for_the_token_and_told_what_to_do(
    client: aiohttp.ClientSession, ingest_token: str
) -> None:
    async with client.post(RUNS, data=b"") as response:
        challenges = [value.partition(" ")[0] for value in response.headers.getall("WWW-Authenticate")]
        told = await response.json()
    assert (challenges, told) == (["Bearer", "Basic"], {"error": "a token is needed", "hint": INGEST_HINT})


@pytest.mark.parametrize(
    "headers",
    [
        bearer(""),
        bearer("probe_wrong"),
        bearer("ä" * 9),
        basic("probe_wrong"),
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic /w=="},
        {"Authorization": "Digest x"},
        {"Authorization": "Bearer"},
    ],
    ids=str,
)
async def test_a_token_that_is_presented_must_be_good_even_where_none_is_needed(
    client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert (await send(client, headers), await look(client, headers=headers)) == (401, 401)


async def test_a_token_of_the_other_scope_is_forbidden(
    client: aiohttp.ClientSession, ingest_token: str, read_token: str
) -> None:
    assert (await send(client, bearer(read_token)), await look(client, headers=bearer(ingest_token))) == (403, 403)


async def test_two_tokens_of_a_region_are_good_at_once_and_a_revoked_one_never_again(
    hub: Hub, client: aiohttp.ClientSession, ingest_token: str
) -> None:
    second = hub.store.add_token(Scope.INGEST, "eu-west-1", "agent-1", digest_of("second"), now_ns=NOW)
    both = [await send(client, bearer(token)) for token in (ingest_token, "second")]
    hub.store.revoke_token(second.id)
    after = [await send(client, bearer(token)) for token in (ingest_token, "second")]
    assert (both, after) == ([200, 200], [200, 401])


async def test_a_token_makes_a_foreign_name_good(client: aiohttp.ClientSession, read_token: str) -> None:
    headers = {"Host": "hub.example.com", **bearer(read_token)}
    assert await look(client, headers=headers) == 200


async def test_whether_it_lives_is_told_to_all(client: aiohttp.ClientSession, read_token: str) -> None:
    headers = {"Host": "10.0.0.7:8320"}
    assert [await look(client, path, headers) for path in ("/-/healthy", "/-/ready")] == [200, 200]


async def test_beyond_this_machine_a_token_is_needed_even_when_all_were_revoked(tmp_path: Path) -> None:
    async with Hub(tmp_path, now_ns=lambda: NOW) as first:
        tokens = [
            first.store.add_token(scope, "", "", digest_of(scope), now_ns=NOW) for scope in (Scope.INGEST, Scope.READ)
        ]
    async with Hub(tmp_path, host="0.0.0.0", now_ns=lambda: NOW) as hub, aiohttp.ClientSession(hub.url) as client:
        for token in tokens:
            hub.store.revoke_token(token.id)
        assert (await send(client), await look(client), await look(client, "/-/healthy")) == (401, 401, 200)
