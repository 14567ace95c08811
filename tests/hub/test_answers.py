from http import HTTPStatus

import aiohttp
import pytest

from probe.hub.answers import HEADERS, Refusal, answer
from probe.hub.facts import Appended


def test_an_answer_is_json() -> None:
    response = answer(Appended(new=1), HTTPStatus.CREATED)
    told = response.status, response.content_type, response.body
    assert told == (201, "application/json", b'{"new":1,"duplicate":0,"quarantined":0,"refused":[]}')


def test_a_refusal_that_can_be_tried_again_says_when() -> None:
    refusal = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "ask again", retry_s=2, headers=[("A", "1")])
    assert (str(refusal), refusal.hint, refusal.headers) == ("busy", "ask again", [("A", "1"), ("Retry-After", "2")])


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/overview", "/nowhere", "/-/healthy", "/static/nothing", "/runs/none", "/api/v1/runs/none"]
)
async def test_every_answer_is_protected(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert ("frame-ancestors 'none'" in policy, set(HEADERS) - set(response.headers)) == (True, set())
        assert response.headers["Server"] == "probe"


async def test_an_unknown_path_is_told_what_there_is(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/rnus") as response:
        told = await response.json()
    hint = "the page is at /, the API below /api/v1/: runs, compare, overview, agents and ledger"
    assert (response.status, told) == (404, {"error": "Not Found", "hint": hint})


async def test_a_wrong_method_is_told_the_right_ones(client: aiohttp.ClientSession) -> None:
    async with client.delete("/api/v1/runs") as response:
        told = await response.json()
    assert (response.status, told["hint"]) == (405, "/api/v1/runs takes GET or HEAD or POST")
