"""What the hub knows, as JSON. `window` is a duration back from now: unless said an hour, or what a comparison needs.
`env` may be left out where there is one only.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from probe.compare.compare import compare_regions
from probe.compare.result import Finding
from probe.evaluate.suggest import did_you_mean
from probe.hub.answers import Refusal, answer
from probe.hub.facts import Store
from probe.hub.kept import Answer, Kept
from probe.hub.ledger import ledger
from probe.hub.regions import region_facts, usual_length_ns
from probe.model.duration import NANOSECONDS, parse_duration

WINDOW = "1h"
MOST_RUNS = 10_000
RUNS = "100"
LONGEST_COMPARED_NS = 7 * NANOSECONDS["d"]
MOST_COMPARED = 30_000
"""Runs, the latest of all regions, such as a day of twenty regions every minute: a few seconds of a core."""


class Asked(Struct, frozen=True):
    env: str
    journey: str
    since_ns: int
    until_ns: int


class Api:
    def __init__(
        self, store: Store, now_ns: Callable[[], int] = time.time_ns, most_compared: int = MOST_COMPARED
    ) -> None:
        self._store = store
        self._now_ns = now_ns
        self._most_compared = most_compared
        self._comparisons = Kept()
        self._comparing = asyncio.Lock()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/v1/compare", self._compare)
        router.add_get("/api/v1/overview", self._served(self._overview))
        router.add_get("/api/v1/runs", self._served(self._runs))
        router.add_get("/api/v1/runs/{run_id}", self._served(self._run))
        router.add_get("/api/v1/agents", self._served(self._agents))
        router.add_get("/api/v1/ledger", self._served(self._ledger))
        router.add_get("/-/healthy", _healthy)
        router.add_get("/-/ready", self._served(self._ready))

    def _served(self, find: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        """Finding blocks, so a thread does it."""

        async def serve(request: web.Request) -> web.Response:
            return answer(await asyncio.to_thread(find, request))

        return serve

    async def _compare(self, request: web.Request) -> web.Response:
        """One comparison at a time, shown again for a moment: who asks often leaves room for those who send."""
        asked = await asyncio.to_thread(self._to_compare, request)
        length_ns = asked.until_ns - asked.since_ns
        if length_ns > LONGEST_COMPARED_NS:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the window is too long to compare", "ask for at most 7d")
        async with self._comparing:
            page = await self._comparisons.answer(
                (asked.env, asked.journey, length_ns), partial(self._comparison, asked)
            )
        return answer(msgspec.Raw(page.text.encode()))

    def _comparison(self, asked: Asked) -> Answer:
        since_ns, until_ns = self._begin(asked), asked.until_ns
        facts = region_facts(self._store, asked.env, asked.journey, since_ns, until_ns)
        comparison = compare_regions(asked.journey, facts, since_ns=since_ns, until_ns=until_ns, now_ns=until_ns)
        if since_ns > asked.since_ns:
            told = Finding(f"The window has more than {self._most_compared} runs: only the latest are compared.")
            comparison = replace(comparison, findings=(*comparison.findings, told))
        return Answer(msgspec.json.encode(comparison).decode(), HTTPStatus.OK)

    def _to_compare(self, request: web.Request) -> Asked:
        """Without a window: as far back as it takes to know what is usual."""
        asked = self._asked(request)
        if "window" in request.query:
            return asked
        return replace(asked, since_ns=asked.until_ns - usual_length_ns(self._store, asked.env, asked.journey))

    def _begin(self, asked: Asked) -> int:
        """Of the window, or of the part of it that has no more runs than are compared."""
        most = self._most_compared
        lines = self._store.runs(asked.env, asked.journey, None, asked.since_ns, asked.until_ns, most + 1)
        return lines[most].at_ns + 1 if len(lines) > most else asked.since_ns

    def _overview(self, request: web.Request) -> Any:
        since_ns, until_ns = self._window(request)
        return {
            "since_ns": since_ns,
            "until_ns": until_ns,
            "series": self._store.overview(since_ns, until_ns),
            "gaps": self._store.gaps(since_ns, until_ns),
            "quarantined": self._store.quarantined(),
        }

    def _runs(self, request: web.Request) -> Any:
        asked, region = self._asked(request), request.query.get("region")
        limit = _limit(request.query.get("limit", RUNS))
        return {"runs": self._store.runs(asked.env, asked.journey, region, asked.since_ns, asked.until_ns, limit)}

    def _run(self, request: web.Request) -> Any:
        run = self._store.run(request.match_info["run_id"])
        if run is None:
            hint = "it may not have arrived yet, or be older than what the hub keeps"
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such run here", hint)
        return run

    def _agents(self, request: web.Request) -> Any:
        return {"agents": self._store.agents()}

    def _ledger(self, request: web.Request) -> Any:
        since_ns, until_ns = self._window(request)
        return {"since_ns": since_ns, "until_ns": until_ns, "ledger": ledger(self._store, since_ns, until_ns)}

    def _ready(self, request: web.Request) -> Any:
        return {"ready": True, "quarantined": self._store.quarantined()}

    def _window(self, request: web.Request) -> tuple[int, int]:
        until_ns, text = self._now_ns(), request.query.get("window", WINDOW)
        try:
            return until_ns - parse_duration(text), until_ns
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the window {text[:100]} is no duration", f"write {error}") from None

    def _asked(self, request: web.Request) -> Asked:
        since_ns, until_ns = self._window(request)
        journey, known = request.query.get("journey", ""), self._store.journeys()
        envs = [env for env, name in known if name == journey]
        if not envs:
            hint = did_you_mean(journey, {name for _, name in known}) or "no agent has sent anything yet"
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no journey {journey[:200] or 'without a name'} here", hint)
        return Asked(_env(request, journey, envs), journey, since_ns, until_ns)


def _env(request: web.Request, journey: str, envs: list[str]) -> str:
    env = request.query.get("env")
    if env is None and len(envs) == 1:
        return envs[0]
    if env is None:
        raise Refusal(
            HTTPStatus.BAD_REQUEST, f"{journey} runs in several environments", f"add &env=, one of: {', '.join(envs)}"
        )
    if env not in envs:
        raise Refusal(HTTPStatus.NOT_FOUND, f"{journey} does not run in {env[:200]}", did_you_mean(env, envs))
    return env


def _limit(text: str) -> int:
    if text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= MOST_RUNS:
        return int(text)
    raise Refusal(HTTPStatus.BAD_REQUEST, f"{text[:100]} is no limit", f"write a number from 1 to {MOST_RUNS}")


async def _healthy(request: web.Request) -> web.Response:
    return web.Response(text="ok\n")
