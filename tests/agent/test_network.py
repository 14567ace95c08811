"""The agent's own network, cut for real: an agent in a network namespace, the shop and the control target outside."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from probe.model.record import RunRecord, decode_record
from probe.model.result import Cause, Run, Verdict
from probe.model.slot import Account
from probe.spool import ledger
from probe.spool.database import Database
from tests.cli.process import ROOT
from tests.programs import cannot, require_program

AGENT = """\
region: here
agent: me
journeys: [browse.yaml]
state: state
control: ["{control}"]
export: [{{jsonl: {{path: out.jsonl}}}}]
"""
JOURNEY = """\
journey: browse
schedule: {{every: 1s}}
steps: [{{name: look, timeout: 2s, http: {{get: "{shop}"}}}}]
"""


class Cable:
    """From this machine to a namespace of its own."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(4)
        self.namespace, self._here, self._there = f"probe-{self.name}", f"p{self.name}a", f"p{self.name}b"
        net = f"198.18.{secrets.randbelow(256)}.{4 * secrets.randbelow(63)}"  # RFC 2544: for tests of networks
        prefix, _, last = net.rpartition(".")
        self.here, self._far = f"{prefix}.{int(last) + 1}", f"{prefix}.{int(last) + 2}"

    def lay(self) -> None:
        _ip("netns", "add", self.namespace)
        _ip("link", "add", self._here, "type", "veth", "peer", "name", self._there, "netns", self.namespace)
        _ip("addr", "add", f"{self.here}/30", "dev", self._here)
        _ip("-n", self.namespace, "addr", "add", f"{self._far}/30", "dev", self._there)
        _ip("-n", self.namespace, "link", "set", "lo", "up")
        self.mend()

    def mend(self) -> None:
        _ip("link", "set", self._here, "up")
        _ip("-n", self.namespace, "link", "set", self._there, "up")

    def cut(self, end: str) -> None:
        """Either the agent's own end, so that there is no network, or this one, so that there is only silence."""
        if end == "its own":
            _ip("-n", self.namespace, "link", "set", self._there, "down")
        else:
            _ip("link", "set", self._here, "down")

    def remove(self) -> None:
        subprocess.run(["ip", "link", "del", self._here], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.namespace], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@pytest.fixture
def cable() -> Iterator[Cable]:
    require_program("ip")
    if os.geteuid() != 0:
        cannot("a network namespace needs root")
    cable = Cable()
    try:
        try:
            cable.lay()
        except subprocess.CalledProcessError as error:
            cannot(f"this machine makes no network namespaces: {error.stderr.strip()}")
        yield cable
    finally:
        cable.remove()


class Door:
    """A server at one address, that can be closed and opened again. It answers HTTP."""

    def __init__(self, host: str) -> None:
        self._host, self._port = host, 0
        self._server: asyncio.Server

    @property
    def address(self) -> str:
        return f"{self._host}:{self._port}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._answer, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"HTTP" in await reader.readline():
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def shop(cable: Cable) -> AsyncIterator[Door]:
    door = Door(cable.here)
    await door.open()
    yield door
    door.close()


@pytest.fixture
async def control(cable: Cable) -> AsyncIterator[Door]:
    door = Door(cable.here)
    await door.open()
    yield door
    door.close()


@asynccontextmanager
async def agent_in(cable: Cable, folder: Path, shop: Door, control: Door) -> AsyncIterator[asyncio.subprocess.Process]:
    (folder / "browse.yaml").write_text(JOURNEY.format(shop=f"http://{shop.address}/"))
    (folder / "agent.yaml").write_text(AGENT.format(control=control.address))
    inside = ("ip", "netns", "exec", cable.namespace, sys.executable, "-m", "probe", "agent", folder / "agent.yaml")
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*inside, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def runs_in(folder: Path) -> list[Run]:
    path = folder / "out.jsonl"
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines() if path.exists() else []
    return [record.run for record in map(decode_record, whole) if isinstance(record, RunRecord)]


async def until(folder: Path, verdict: Verdict) -> list[Run]:
    """The runs from now on, up to the first that ended so."""
    known = len(runs_in(folder))
    async with asyncio.timeout(60):
        while not (found := runs_in(folder)[known:]) or found[-1].verdict is not verdict:
            await asyncio.sleep(0.05)
    return found


async def account_in(folder: Path) -> Account:
    database = await Database.open(folder / "state")
    try:
        (account,) = await database.run(ledger.accounts)
    finally:
        await database.close()
    return account


@pytest.mark.parametrize("end", ["its own", "the other"])
async def test_a_failure_is_the_shops_unless_the_agents_own_network_is_cut(
    cable: Cable, shop: Door, control: Door, tmp_path: Path, end: str
) -> None:
    async with agent_in(cable, tmp_path, shop, control) as agent:
        await until(tmp_path, Verdict.PASSED)
        shop.close()
        *_, failed = await until(tmp_path, Verdict.FAILED)
        await shop.open()
        await until(tmp_path, Verdict.PASSED)
        cable.cut(end)
        *before, errored = await until(tmp_path, Verdict.ERRORED)
        cable.mend()
        await until(tmp_path, Verdict.PASSED)
        agent.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            ended = await agent.wait()
    assert failed.failure is not None
    assert errored.failure is not None
    assert (failed.failure.cause, failed.failure.message) == (Cause.CONNECT, f"connection refused by {shop.address}")
    assert {run.verdict for run in before} <= {Verdict.PASSED}
    assert errored.failure.cause is Cause.AGENT
    assert errored.failure.message.startswith(
        "the agent's own network fails: no control target can be reached either ("
    )
    assert [step.failure for step in errored.steps] == [errored.failure]
    account = await account_in(tmp_path)
    assert (ended, account.adds_up, account.ran) == (0, True, len(runs_in(tmp_path)))


def test_what_is_made_for_the_test_is_gone_after_it(cable: Cable) -> None:
    cable.remove()
    left = subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout
    namespaces = subprocess.run(["ip", "netns"], check=True, capture_output=True, text=True).stdout
    assert cable.name not in left + namespaces
