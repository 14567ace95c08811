from typing import Any

import aiohttp
import msgspec
import pytest

from probe.compare.compare import compare_regions
from probe.hub.app import Hub
from probe.hub.regions import region_facts
from probe.model.codec import decode_run
from tests.hub.records import HOUR, MINUTE, NOW, a_run, account, beat, failed_record, gap_record, run_record

SLOT = NOW // MINUTE


@pytest.fixture(autouse=True)
def _seeded(hub: Hub) -> None:
    hub.store.append(
        [
            run_record("run-1", NOW - MINUTE),
            failed_record("run-2", NOW - 2 * MINUTE, region="us-east-1"),
            run_record("run-3", NOW - 3 * MINUTE, journey="search", env="stage"),
            run_record("run-4", NOW - 4 * MINUTE, journey="search", env="prod"),
            run_record("early", NOW + HOUR),
            gap_record("g", NOW - HOUR, NOW - MINUTE),
            beat(accounts=(account(SLOT - 1, SLOT),)),
        ],
        now_ns=NOW,
    )


async def get(client: aiohttp.ClientSession, path: str, **query: str) -> tuple[int, Any]:
    async with client.get(path, params=query) as response:
        return response.status, await response.json()


def plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


async def test_the_comparison_is_that_of_the_window(hub: Hub, client: aiohttp.ClientSession) -> None:
    told = await get(client, "/api/v1/compare", journey="checkout", env="prod", window="30m")
    since_ns = NOW - 30 * MINUTE
    facts = region_facts(hub.store, "prod", "checkout", since_ns, NOW)
    expected = compare_regions("checkout", facts, since_ns=since_ns, until_ns=NOW, now_ns=NOW)
    assert (told, len(expected.regions)) == ((200, plain(expected)), 2)


async def test_the_environment_may_be_left_out_where_there_is_one(client: aiohttp.ClientSession) -> None:
    status, told = await get(client, "/api/v1/compare", journey="checkout")
    assert (status, told["since_ns"], [one["region"] for one in told["regions"]]) == (
        200,
        NOW - HOUR,
        ["eu-west-1", "us-east-1"],
    )


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"journey": "chekout"}, (404, "there is no journey chekout here", "did you mean checkout?")),
        ({}, (404, "there is no journey without a name here", "known here: checkout, search")),
        ({"journey": "search"}, (400, "search runs in several environments", "add &env=, one of: prod, stage")),
        (
            {"journey": "search", "env": "stag"},
            (404, "search does not run in stag", "did you mean stage?"),
        ),
        (
            {"journey": "checkout", "window": "soon"},
            (400, "the window soon is no duration", "write a number and a unit, such as 500ms, 2s, 1m30s, 12h or 7d"),
        ),
    ],
    ids=["unknown", "no name", "several", "no such env", "window"],
)
async def test_a_question_that_cannot_be_answered_is_told_what_to_ask(
    client: aiohttp.ClientSession, query: dict[str, str], answer: tuple[int, str, str]
) -> None:
    for path in ("/api/v1/compare", "/api/v1/runs"):
        status, told = await get(client, path, **query)
        assert (status, told["error"], told["hint"]) == answer


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "x", "9" * 5000, "²"])
async def test_a_limit_is_a_number_of_runs(client: aiohttp.ClientSession, limit: str) -> None:
    status, told = await get(client, "/api/v1/runs", journey="checkout", limit=limit)
    assert (status, told["hint"]) == (400, "write a number from 1 to 10000")


async def test_the_overview_has_every_series_gap_and_what_waits(hub: Hub, client: aiohttp.ClientSession) -> None:
    told = await get(client, "/api/v1/overview", window="30m")
    since_ns = NOW - 30 * MINUTE
    expected = {
        "since_ns": since_ns,
        "until_ns": NOW,
        "series": hub.store.overview(since_ns, NOW),
        "gaps": [gap_record("g", NOW - HOUR, NOW - MINUTE)],
        "quarantined": 1,
    }
    assert (told, len(told[1]["series"])) == ((200, plain(expected)), 4)


async def test_runs_are_listed(hub: Hub, client: aiohttp.ClientSession) -> None:
    told = await get(client, "/api/v1/runs", journey="checkout", region="us-east-1", window="1h", limit="5")
    assert told == (200, {"runs": plain(hub.store.runs("prod", "checkout", "us-east-1", 0, NOW, 5))})
    assert [run["run_id"] for run in told[1]["runs"]] == ["run-2"]


async def test_a_run_is_its_record(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/runs/run-1") as response:
        assert (response.status, decode_run(await response.read())) == (200, a_run("run-1", NOW - MINUTE))


async def test_an_unknown_run_is_told_as_such(client: aiohttp.ClientSession) -> None:
    status, told = await get(client, "/api/v1/runs/run-9")
    assert (status, told["error"]) == (404, "there is no such run here")


async def test_agents_are_told_with_their_heartbeats(hub: Hub, client: aiohttp.ClientSession) -> None:
    assert await get(client, "/api/v1/agents") == (200, {"agents": plain(hub.store.agents())})


async def test_the_ledger_has_the_agents_account_next_to_what_is_here(client: aiohttp.ClientSession) -> None:
    status, told = await get(client, "/api/v1/ledger", window="1h")
    (line,) = told["ledger"]
    assert (status, line["account"]["ran"], line["held"]["ran"], line["held"]["unaccounted"]) == (200, 1, 1, 0)


async def test_it_is_alive_and_ready(client: aiohttp.ClientSession) -> None:
    async with client.get("/-/healthy") as response:
        healthy = response.status, await response.text()
    assert (healthy, await get(client, "/-/ready")) == ((200, "ok\n"), (200, {"ready": True, "quarantined": 1}))


async def test_it_is_not_ready_when_its_data_cannot_be_read(hub: Hub, client: aiohttp.ClientSession) -> None:
    with hub.store._database.transaction() as connection:
        connection.execute("DROP TABLE quarantine")
    status, told = await get(client, "/-/ready")
    assert (status, told["error"]) == (503, "the hub cannot use its data: no such table: quarantine")
