"""The agent as a process."""

import asyncio
import json
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from probe.model.record import Heartbeat, RunRecord, SlotsRecord, decode_record
from probe.model.result import Verdict
from probe.model.slot import Reason
from tests.cli.process import start_probe

SLOW = "journey: slow\nschedule: {every: 1s, timeout: 60s}\nsteps: [{name: read, wait: 30s}]\n"
QUICK = "journey: quick\nschedule: {every: 1s}\nsteps: [{name: read, wait: 1ms}]\n"


def configure(folder: Path, journey: str = QUICK, more: str = "") -> Path:
    (folder / "journey.yaml").write_text(journey)
    path = folder / "agent.yaml"
    path.write_text(
        "region: here\nagent: me\njourneys: [journey.yaml]\nstate: state\nlisten: 127.0.0.1:0\n"
        f"heartbeat: 1s\nlogging: {{format: json}}\nexport: [{{jsonl: {{path: out.jsonl}}}}]\n{more}"
    )
    return path


class Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def line(self, part: str) -> str:
        """The next line of the log with these words in it."""
        assert self.process.stderr is not None
        async with asyncio.timeout(20):
            while line := (await self.process.stderr.readline()).decode():
                self.lines.append(line)
                if part in line:
                    return str(json.loads(line)["message"])
        raise AssertionError("".join(self.lines))

    async def url(self) -> str:
        return (await self.line(" at http://")).split(" at ")[1].split(": ")[0]

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(20):
            return await self.process.wait()


@asynccontextmanager
async def agent(path: Path) -> AsyncIterator[Process]:
    started = Process(await start_probe("agent", path))
    try:
        yield started
    finally:
        if started.process.returncode is None:
            started.process.kill()
        await started.process.communicate()


def records(folder: Path) -> list[Any]:
    return [decode_record(line.encode()) for line in (folder / "out.jsonl").read_text().splitlines()]


async def until(path: Path, lines: int) -> None:
    async with asyncio.timeout(20):
        while not path.exists() or len(path.read_text().splitlines()) < lines:
            await asyncio.sleep(0.05)


async def test_sigterm_ends_the_agent_with_everything_delivered(tmp_path: Path) -> None:
    async with agent(configure(tmp_path)) as process:
        await process.line("agent me of here")
        await until(tmp_path / "out.jsonl", 4)
        assert await process.end() == 0
    found = records(tmp_path)
    assert {record.run.verdict for record in found if isinstance(record, RunRecord)} == {Verdict.PASSED}
    last = found[-1]
    assert isinstance(last, Heartbeat)
    assert last.notices == ("stopping",)
    (account,) = last.accounts
    assert (account.adds_up, account.running) == (True, 0)
    with closing(sqlite3.connect(tmp_path / "state" / "runs.db")) as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (0,)


async def test_runs_under_way_are_cut_after_the_grace_and_told(tmp_path: Path) -> None:
    async with agent(configure(tmp_path, SLOW, "grace: 200ms\n")) as process:
        await process.line("skipped (overlap)")
        assert await process.end(signal.SIGINT) == 0
    runs = [record.run for record in records(tmp_path) if isinstance(record, RunRecord)]
    assert [(run.verdict, run.interrupted) for run in runs] == [(Verdict.ERRORED, True)]
    skipped = [record for record in records(tmp_path) if isinstance(record, SlotsRecord)]
    assert {(record.state, record.reason) for record in skipped} == {("skipped", "overlap")}


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with agent(configure(tmp_path, SLOW, "grace: 1h\n")) as process:
        await process.line("skipped (overlap)")
        process.process.send_signal(signal.SIGTERM)
        await process.line("stopping")
        assert await process.end() == 130


async def test_sighup_reloads_and_an_error_in_the_file_changes_nothing(tmp_path: Path) -> None:
    path = configure(tmp_path)
    async with agent(path) as process:
        url = await process.url()
        path.write_text(path.read_text() + "concurrency: none\n")
        process.process.send_signal(signal.SIGHUP)
        assert "agent.yaml:9:14: expected a whole number" in await process.line("stays as it was")
        path.write_text(path.read_text().replace("none", "3"))
        process.process.send_signal(signal.SIGHUP)
        assert await process.line("reloaded") == "agent.yaml reloaded: 1 journeys"
        async with ClientSession(url) as session, session.get("/status.json") as answer:
            status = await answer.json()
        assert (status["reloads"], status["reload_failures"], status["concurrency"]) == (1, 1, 3)
        assert await process.end() == 0


async def test_it_answers_at_its_address(tmp_path: Path) -> None:
    async with agent(configure(tmp_path)) as process, ClientSession(await process.url()) as session:
        await until(tmp_path / "out.jsonl", 3)
        for path, part in (("/-/healthy", "healthy"), ("/-/ready", "ready"), ("/metrics", 'journey="quick"')):
            async with session.get(path) as answer:
                assert (answer.status, part in await answer.text()) == (200, True)
        async with session.get("/status.json") as answer:
            assert (await answer.json())["gc_seconds_total"] > 0
        async with session.post("/-/reload") as answer:
            assert (answer.status, await answer.text()) == (200, "reloaded\n")


async def test_a_second_agent_on_the_state_folder_is_refused(tmp_path: Path) -> None:
    path = configure(tmp_path)
    async with agent(path) as first:
        await first.line("agent me of here")
        second = await start_probe("agent", path)
        _, err = await second.communicate()
        assert (second.returncode, "another agent uses the folder" in err.decode()) == (3, True)


async def test_an_agent_without_its_secrets_does_not_start(tmp_path: Path) -> None:
    path = configure(tmp_path, QUICK + "secrets: {card: {env: NOT_THERE}}\n")
    process = await start_probe("agent", path)
    _, err = await process.communicate()
    assert (process.returncode, "the environment variable NOT_THERE is not set" in err.decode()) == (2, True)
    assert not (tmp_path / "state").exists()


async def test_a_taken_address_is_told_and_not_a_traceback(tmp_path: Path) -> None:
    async with agent(configure(tmp_path)) as first:
        url = await first.url()
        other = tmp_path / "other"
        other.mkdir()
        path = configure(other)
        path.write_text(path.read_text().replace("127.0.0.1:0", url.removeprefix("http://")))
        process = await start_probe("agent", path)
        _, err = await process.communicate()
        assert (process.returncode, "cannot listen at" in err.decode(), "Traceback" in err.decode()) == (3, True, False)


async def test_a_full_disk_stops_no_run_and_loses_none(tmp_path: Path) -> None:
    async with agent(configure(tmp_path)) as process, ClientSession(await process.url()) as session:
        await until(tmp_path / "out.jsonl", 3)
        full = (tmp_path / "state" / "runs.db-wal").stat().st_size
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        await process.line("takes no writes")
        async with session.get("/-/ready") as answer:
            assert (answer.status, "takes no writes" in await answer.text()) == (503, True)
        before = await unwritten(session)
        async with asyncio.timeout(20):
            while await unwritten(session) < before + 4:
                await asyncio.sleep(0.1)
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, unlimited)
        await process.line("takes writes again")
        assert await process.end() == 0
    found = records(tmp_path)
    ran = [record.run.slot for record in found if isinstance(record, RunRecord)]
    skipped = [record for record in found if isinstance(record, SlotsRecord)]
    indices = [slot.index for slot in ran if slot is not None]
    indices += [index for record in skipped for index in range(record.first, record.last + 1)]
    (account,) = found[-1].accounts
    assert (account.adds_up, account.missed) == (True, 0)
    assert sorted(indices) == list(range(account.first, account.next))
    assert {record.reason for record in skipped} <= {Reason.SHUTDOWN}, "only a slot in the moment of the end"


async def unwritten(session: ClientSession) -> int:
    async with session.get("/status.json") as answer:
        return int((await answer.json())["unwritten"])
