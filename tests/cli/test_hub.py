import asyncio
import json
import os
import re
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from probe.hub.tokens import FILE
from tests.cli.process import ROOT, run_probe, start_probe

INGEST = ("--region", "eu-west-1", "--agent", "agent-1")
Process = asyncio.subprocess.Process


@asynccontextmanager
async def serving(*arguments: object, **environ: str) -> AsyncIterator[tuple[Process, str]]:
    """A hub on a free port, and the first line it says."""
    process = await start_probe("hub", "--listen", "127.0.0.1:0", *arguments, **environ)
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def url_in(line: str) -> str:
    found = re.fullmatch(r"The hub is at (http://127\.0\.0\.1:\d+)\n", line)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_is_is_there_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async with serving("--data", tmp_path / "hub") as (process, line):
        async with aiohttp.request("GET", url_in(line)) as page:
            status = page.status
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 30)
    told = f"its data is in {tmp_path}/hub; Ctrl-C ends it\n"
    assert (status, process.returncode, out, err.decode()) == (200, 0, b"", told)


async def test_a_command_that_starts_it_gets_json_and_ends_it_with_its_standard_input(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "probe", "hub", "--data", tmp_path, "--listen", "127.0.0.1:0", "--stop-with-stdin",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    ready = json.loads(await process.stdout.readline())
    process.stdin.close()
    await asyncio.wait_for(process.communicate(), 30)
    assert (list(ready), ready["url"][:17], process.returncode) == (["url"], "http://127.0.0.1:", 0)


async def test_a_token_is_alone_on_stdout_and_holds_at_once_in_a_running_hub(tmp_path: Path) -> None:
    async with serving("--data", tmp_path) as (_, line), aiohttp.ClientSession(url_in(line)) as client:
        made = await run_probe("hub", "--data", tmp_path, "token", "add", *INGEST)
        token = made.out.removesuffix("\n")
        statuses = [await _send(client, {}), await _send(client, {"Authorization": f"Bearer {token}"})]
        revoked = await run_probe("hub", "token", "revoke", "1", PROBE_HUB_DATA=str(tmp_path))
        statuses.append(await _send(client, {"Authorization": f"Bearer {token}"}))
    assert (statuses, revoked.code, token.isascii(), token.split()) == ([401, 200, 401], 0, True, [token])
    assert made.err == f"token 1 in {tmp_path}: sends as agent-1 of eu-west-1; it is not shown again\n"


async def _send(client: aiohttp.ClientSession, headers: dict[str, str]) -> int:
    async with client.post("/api/v1/runs", data=b"", headers=headers) as response:
        return response.status


async def test_the_folder_may_be_named_last_too(tmp_path: Path) -> None:
    made = await run_probe("hub", "token", "add", *INGEST, "--data", tmp_path / "last")
    listed = await run_probe("hub", "--data", tmp_path / "first", "token", "list", "--data", tmp_path / "last")
    assert (made.code, (tmp_path / "first").exists(), "sends as agent-1 of eu-west-1" in listed.out) == (0, False, True)


async def test_tokens_are_listed_without_themselves(tmp_path: Path) -> None:
    made = [await run_probe("hub", "--data", tmp_path, "token", "add", *how) for how in (INGEST, ("--read",))]
    listed = await run_probe("hub", "--data", tmp_path, "token", "list")
    lines = [re.sub(r"\d{4}-\d\d-\d\d", "DAY", line) for line in listed.out.splitlines()]
    assert lines == ["   1  made DAY  never used  sends as agent-1 of eu-west-1", "   2  made DAY  never used  reads"]
    assert not any(one.out.strip() in listed.out for one in made)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


async def test_beyond_this_machine_it_refuses_to_start_without_tokens(tmp_path: Path) -> None:
    ended = await run_probe("hub", "--data", tmp_path, "--listen", "0.0.0.0:0")
    told = (
        "probe: beyond this machine the hub needs tokens; make them first:\n"
        f"  probe hub --data {tmp_path} token add --region REGION --agent AGENT\n"
        f"  probe hub --data {tmp_path} token add --read\n"
    )
    assert (ended.code, ended.out, ended.err) == (2, "", told)


async def test_with_them_it_starts(tmp_path: Path) -> None:
    for how in (INGEST, ("--read",)):
        await run_probe("hub", "--data", tmp_path, "token", "add", *how)
    beyond = ("--data", tmp_path, "--listen", "0.0.0.0:0")
    async with serving(*beyond) as (_, line), aiohttp.request("GET", url_in(line)) as page:
        assert page.status == 401


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--listen", "8320"], "8320 is no address: expected host:port, for example 127.0.0.1:8320"),
        (["--retention", "30"], "expected a number and a unit"),
        (["--retention", "5m"], "expected at least 1h"),
        (["token", "add"], "say whose token it is: --region REGION --agent AGENT to send with, or --read to look with"),
        (["token", "add", "--region", "r"], "say whose token it is"),
        (["token", "add", "--read", *INGEST], "say whose token it is"),
        (["token", "revoke", "7"], "there is no token 7 in"),
        (["token", "revoke", "x"], "'x' is not a valid integer"),
        (["tokens"], "No such command 'tokens'"),
    ],
)
async def test_a_wrong_argument_is_explained(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    ended = await run_probe("hub", "--data", tmp_path, *arguments)
    assert (ended.code, ended.out, complaint in ended.err) == (2, "", True)


async def test_a_second_hub_on_the_same_data_is_one_clear_line(tmp_path: Path) -> None:
    async with serving("--data", tmp_path):
        ended = await run_probe("hub", "--data", tmp_path, "--listen", "127.0.0.1:0")
    told = f"probe: another hub uses the folder {tmp_path}: stop it, or give this one a --data of its own\n"
    assert (ended.code, ended.err) == (3, told)


async def test_a_missing_package_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "jinja2.py").write_text("raise ModuleNotFoundError(name='jinja2')")
    ended = await run_probe("hub", "--data", tmp_path / "hub", "--listen", "127.0.0.1:0", PYTHONPATH=str(tmp_path))
    assert (ended.code, ended.err) == (3, "probe: the hub needs the package jinja2: pip install 'probe[hub]'\n")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [({"XDG_STATE_HOME": "{}/state"}, "state/probe-hub"), ({"HOME": "{}"}, ".local/state/probe-hub")],
    ids=["xdg", "home"],
)
async def test_without_a_word_its_data_is_where_the_user_keeps_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], folder: str
) -> None:
    for name in ("XDG_STATE_HOME", "PROBE_HUB_DATA"):
        monkeypatch.delenv(name, raising=False)
    await run_probe("hub", "token", "add", "--read", **{k: v.format(tmp_path) for k, v in environ.items()})
    connection = sqlite3.connect(tmp_path / folder / FILE)
    count = connection.execute("SELECT count(*) FROM token").fetchone()[0]
    connection.close()
    assert count == 1


async def test_it_is_right_as_the_first_process_of_a_container(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may make a PID namespace here")
    process = await asyncio.create_subprocess_exec(
        "unshare", "--fork", "--pid", "--mount-proc", "--kill-child", sys.executable, "-m", "probe", "hub", "--data",
        tmp_path, "--listen", "127.0.0.1:0", cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = await process.stdout.readline()
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), 30)
    assert (url_in(line.decode())[:7], process.returncode) == ("http://", 0)


async def test_writes_are_stopped_and_allowed_again_for_all_agents(tmp_path: Path) -> None:
    async def stop_writes(url: str) -> object:
        async with aiohttp.request("POST", f"{url}/api/v1/runs", data=b"") as answer:
            return (await answer.json())["stop_writes"]

    data = tmp_path / "hub"
    async with serving("--data", data) as (_, line):
        told = await run_probe("hub", "stop-writes", "the warehouse is upset", "--data", data)
        during = await stop_writes(url_in(line))
        await run_probe("hub", "allow-writes", "--data", data)
        after = await stop_writes(url_in(line))
    assert (told.code, during, after) == (0, "the warehouse is upset", "")


async def test_no_switch_is_made_where_no_hub_is(tmp_path: Path) -> None:
    ended = await run_probe("hub", "stop-writes", "now", "--data", tmp_path / "none")
    assert (ended.code, ended.err) == (2, f"probe: there is no hub at {tmp_path}/none; --data names its folder\n")
