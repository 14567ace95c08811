import asyncio
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from probe.compare.compare import compare_regions
from probe.compare.result import Sample
from probe.hub.api import Api
from probe.hub.app import Hub
from probe.hub.regions import region_facts
from probe.hub.sqlite import SqliteStore
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


def app_of(api: Api) -> web.Application:
    app = web.Application()
    api.add_routes(app.router)
    return app


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


async def test_without_a_window_the_latest_240_slots_are_compared(client: aiohttp.ClientSession) -> None:
    status, told = await get(client, "/api/v1/compare", journey="checkout", env="prod")
    assert (status, told["until_ns"] - told["since_ns"]) == (200, 240 * MINUTE)


@pytest.mark.parametrize(("window", "status"), [("7d", 200), ("7d1s", 400)])
async def test_a_week_is_the_most_that_is_compared(client: aiohttp.ClientSession, window: str, status: int) -> None:
    told = await get(client, "/api/v1/compare", journey="checkout", window=window)
    assert (told[0], told[1].get("hint")) == (status, "ask for at most 7d" if status == 400 else None)


@pytest.mark.parametrize(("most", "compared"), [(8, [4, 4]), (7, [3, 3])])
async def test_of_very_many_runs_the_latest_are_compared_and_that_is_told(
    hub: Hub, most: int, compared: list[int]
) -> None:
    runs = [
        run_record(f"{region}-{n}", NOW - n * MINUTE, journey="busy", region=region)
        for n in range(1, 5)
        for region in "ab"
    ]
    hub.store.append(runs, now_ns=NOW)
    async with TestClient(TestServer(app_of(Api(hub.store, lambda: NOW, most)))) as client:
        answer = await client.get("/api/v1/compare", params={"journey": "busy"})
        told = await answer.json()
    short = [one["sentence"] for one in told["findings"] if one["sentence"].startswith("The window has more than 7")]
    assert ([one["runs"] for one in told["regions"]], len(short)) == (compared, 8 - most)


class Watched(SqliteStore):
    """Counts who asks for samples: how often, and how many at once."""

    asked = 0
    inside = 0
    most = 0

    def samples(self, env: str, journey: str, since_ns: int, until_ns: int) -> dict[str, list[Sample]]:
        self.asked += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.05)
        self.inside -= 1
        return super().samples(env, journey, since_ns, until_ns)


@pytest.mark.parametrize(("windows", "asked"), [(["1h"] * 8, 1), ([f"{n}h" for n in range(1, 9)], 8)])
async def test_who_compares_at_once_shares_a_comparison_or_waits_a_turn(
    tmp_path: Path, windows: list[str], asked: int
) -> None:
    with closing(Watched.open(tmp_path / "watched")) as store:
        store.append([run_record()], now_ns=NOW)
        async with TestClient(TestServer(app_of(Api(store, lambda: NOW)))) as client:
            asks = (client.get("/api/v1/compare", params={"journey": "checkout", "window": one}) for one in windows)
            answers = [answer.status for answer in await asyncio.gather(*asks)]
    assert (answers, store.asked, store.most) == ([200] * 8, asked, 1)


async def test_the_environment_may_be_left_out_where_there_is_one(client: aiohttp.ClientSession) -> None:
    status, told = await get(client, "/api/v1/compare", journey="checkout", window="1h")
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
