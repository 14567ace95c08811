import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest
from aiohttp import ClientSession
from msgspec.structs import replace

from probe.agent.listen import ListenError, listen
from probe.model.status import AgentStatus, JourneyStatus
from tests.metrics.sample import AGENT, CHECKOUT, account
from tests.metrics.test_collector import OPENMETRICS, PLAIN

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NO_CODING = {"Accept-Encoding": "identity"}


@dataclass
class Fake:
    """An agent that is asked; `answer` is what its reload says."""

    status: AgentStatus = AGENT
    answer: str | None = None
    reloads: int = 0

    async def stand(self) -> AgentStatus:
        return self.status

    async def reload(self) -> str | None:
        self.reloads += 1
        return self.answer


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    text: str


class Client:
    def __init__(self, session: ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        written = {name.replace("_", "-"): value for name, value in {**NO_CODING, **headers}.items()}
        async with self.session.request(method, f"{self.url}{path}", headers=written) as response:
            return Answer(response.status, response.headers.get("Content-Type", ""), await response.text())


@asynccontextmanager
async def listening(agent: Fake) -> AsyncIterator[Client]:
    async with (
        listen("127.0.0.1:0", agent.stand, agent.reload) as url,
        ClientSession(auto_decompress=False) as session,
    ):
        yield Client(session, url)


@pytest.fixture
async def agent() -> Fake:
    return Fake()


@pytest.fixture
async def client(agent: Fake) -> AsyncIterator[Client]:
    async with listening(agent) as client:
        yield client


# --- metrics


async def test_metrics_come_in_the_format_that_was_asked_for(client: Client) -> None:
    plain, openmetrics = await client.ask("/metrics"), await client.ask("/metrics", Accept=OPENMETRICS)
    assert (plain.content_type, openmetrics.content_type) == (PLAIN, f"{OPENMETRICS}; charset=utf-8")
    assert (plain.text.count("\n# TYPE"), openmetrics.text.endswith("# EOF\n")) == (
        openmetrics.text.count("\n# TYPE"),
        True,
    )


@pytest.mark.parametrize(
    ("coding", "compressed"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=1.0, br", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("br", False),
    ],
)
async def test_metrics_are_compressed_for_whoever_takes_it(client: Client, coding: str, compressed: bool) -> None:
    async with client.session.get(f"{client.url}/metrics", headers={"Accept-Encoding": coding}) as response:
        body = await response.read()
    assert (response.headers.get("Content-Encoding"), body[:2] == b"\x1f\x8b") == (
        "gzip" if compressed else None,
        compressed,
    )
    text = gzip.decompress(body) if compressed else body
    assert text.startswith(b"# HELP probe_run_success ")


# --- health


async def test_it_is_healthy_while_the_loop_answers_and_ready_when_it_says_so(agent: Fake, client: Client) -> None:
    assert [(await client.ask(path)).status for path in ("/-/healthy", "/-/ready")] == [200, 200]
    agent.status = replace(AGENT, ready=False, why_not_ready="runs.db takes no writes: disk I/O error")
    healthy, ready = await client.ask("/-/healthy"), await client.ask("/-/ready")
    assert (healthy.status, ready.status, ready.text) == (200, 503, "runs.db takes no writes: disk I/O error\n")


# --- status


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/status", "*/*", "application/json"),
        ("/status", "application/json", "application/json"),
        ("/status", BROWSER, "text/html; charset=utf-8"),
        ("/status.json", BROWSER, "application/json"),
        ("/", "*/*", "text/html; charset=utf-8"),
    ],
)
async def test_people_get_the_page_and_programs_json(client: Client, path: str, accept: str, content_type: str) -> None:
    assert (await client.ask(path, Accept=accept)).content_type == content_type


async def test_the_json_is_the_status_without_what_steps_sent_and_got(client: Client) -> None:
    answer = await client.ask("/status.json")
    found = msgspec.json.decode(answer.text, type=AgentStatus)
    steps = tuple(replace(step, attempts=()) for step in CHECKOUT.steps)
    last = found.journeys[0].last
    assert last == replace(CHECKOUT, steps=steps, variables={})
    assert replace(found, journeys=()) == replace(AGENT, journeys=())
    assert answer.text.count("\n") > 100, "a person reads it too"


async def test_what_a_target_answered_shows_nowhere(agent: Fake, client: Client) -> None:
    body = "a body with a shopper's address"
    steps = tuple(
        replace(step, attempts=tuple(replace(attempt, body=body) for attempt in step.attempts))
        for step in CHECKOUT.steps
    )
    last = replace(CHECKOUT, steps=steps, variables={"coupon": body})
    agent.status = replace(AGENT, journeys=(JourneyStatus("checkout", account("checkout"), last=last),))
    for path in ("/", "/status.json", "/metrics"):
        assert body not in (await client.ask(path)).text


async def test_text_that_is_no_unicode_is_shown_all_the_same(agent: Fake, client: Client) -> None:
    agent.status = replace(AGENT, exporters=(replace(AGENT.exporters[0], reason="cut \udcff short"),))
    assert "cut " in (await client.ask("/")).text


async def test_every_answer_is_kept_to_itself(client: Client) -> None:
    for path in ("/", "/status.json", "/metrics", "/-/healthy", "/nowhere"):
        async with client.session.get(f"{client.url}{path}") as response:
            kept = [
                response.headers[name]
                for name in ("Cache-Control", "X-Content-Type-Options", "Cross-Origin-Resource-Policy")
            ]
        assert kept == ["no-store", "nosniff", "same-origin"], path
    async with client.session.get(client.url) as response:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")


# --- reload


async def test_a_reload_says_what_came_of_it(agent: Fake, client: Client) -> None:
    assert await client.ask("/-/reload", "POST") == Answer(200, "text/plain; charset=utf-8", "reloaded\n")
    agent.answer = "checkout.yaml:3:1: unknown key: stpes"
    refused = await client.ask("/-/reload", "POST")
    assert (refused.status, refused.text, agent.reloads) == (400, "checkout.yaml:3:1: unknown key: stpes\n", 2)


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 405),
        ("PUT", {}, 405),
        ("POST", {"Origin": "https://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("POST", {"Sec_Fetch_Site": "same-origin"}, 403),
    ],
)
async def test_no_web_site_can_make_it_reload(
    agent: Fake, client: Client, method: str, headers: dict[str, str], status: int
) -> None:
    assert (await client.ask("/-/reload", method, **headers)).status == status
    assert agent.reloads == 0


@pytest.mark.parametrize("path", ["/", "/status", "/status.json", "/metrics", "/-/healthy", "/-/ready"])
async def test_everything_else_can_only_be_read(client: Client, path: str) -> None:
    assert [(await client.ask(path, method)).status for method in ("HEAD", "POST", "DELETE")] == [200, 405, 405]


# --- the address


@pytest.mark.parametrize(
    "text",
    [
        "", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:http", "1:-1", "a b:1",
        "::1:9464", "[::1:9464", "127.0.0.1:9464\n", "127.0.0.1:9464?", "127.0.0.1:9464/status",
        "me@127.0.0.1:9464", "http://127.0.0.1:9464",
    ],
)  # fmt: skip
async def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ListenError, match=r"is no address: expected host:port"):
        async with listen(text, Fake().stand, Fake().reload):
            pass


async def test_an_address_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ListenError, match=rf"cannot listen at {address}: .*in use"):
            async with listen(address, Fake().stand, Fake().reload):
                pass


async def test_a_host_that_is_not_here_is_told() -> None:
    with pytest.raises(ListenError, match=r"cannot listen at nowhere\.invalid:1: "):
        async with listen("nowhere.invalid:1", Fake().stand, Fake().reload):
            pass


async def test_every_address_is_told_as_one_that_can_be_called() -> None:
    async with listen("0.0.0.0:0", Fake().stand, Fake().reload) as url, ClientSession() as session:
        assert url.startswith("http://127.0.0.1:")
        async with session.get(f"{url}/-/healthy") as response:
            assert response.status == 200


async def test_the_port_is_free_again_at_the_end_though_clients_stay_connected() -> None:
    async with ClientSession() as session:
        async with (
            listen("127.0.0.1:0", Fake().stand, Fake().reload) as url,
            session.get(f"{url}/-/healthy") as response,
        ):
            await response.read()
        async with listen(url.removeprefix("http://"), Fake().stand, Fake().reload) as again:
            assert again == url
