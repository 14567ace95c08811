import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.cli.process import ROOT, run_probe
from tests.processes import started_below


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--for", "10m"], 130)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_all_of_it(tmp_path: Path, arguments: list[str], code: int, number: signal.Signals) -> None:
    async with _demo(tmp_path, *arguments) as process:
        process.send_signal(number)
        assert await process.wait() == code
    assert (started_below(tmp_path), list(tmp_path.iterdir())) == ([], [])


async def test_when_one_of_it_dies_it_says_which_and_how(tmp_path: Path) -> None:
    async with _demo(tmp_path) as process:
        await _first_line(tmp_path, "*/eu-west-1.log")
        os.kill(_pid_of("eu-west-1.yaml", tmp_path), signal.SIGKILL)
        _, err = await process.communicate()
    told = r"probe: the agent in eu-west-1 has ended with -9\n  .* probe\.agent: agent eu-west-1 of eu-west-1 at http"
    assert (process.returncode, bool(re.search(told, err.decode()))) == (3, True), err.decode()
    assert (started_below(tmp_path), list(tmp_path.iterdir())) == ([], [])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_what_it_started_ends_when_it_is_killed(tmp_path: Path) -> None:
    async with _demo(tmp_path) as process:
        process.kill()
        await process.wait()
        async with asyncio.timeout(60):
            while started_below(tmp_path):
                await asyncio.sleep(0.1)


async def test_a_page_whose_port_is_in_use_is_elsewhere(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run_probe("demo", "--for", "1s", "--port", port, TMPDIR=str(tmp_path))
    first = ended.out.splitlines()[0]
    assert re.fullmatch(rf"The page is at http://127\.0\.0\.1:(?!{port}/)\d+/   \(port {port} is in use\)", first)


async def test_a_demo_too_short_to_compare_says_so(tmp_path: Path) -> None:
    ended = await run_probe("demo", "--for", "1s", "--port", "0", TMPDIR=str(tmp_path))
    assert (ended.code, "probe: no region is slower for certain as yet: " in ended.err) == (3, True)


@asynccontextmanager
async def _demo(folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A demo that has said where its page is."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "probe", "demo", "--port", "0", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert (await process.stdout.readline()).startswith(b"The page is at http://127.0.0.1:")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _first_line(folder: Path, log: str) -> None:
    async with asyncio.timeout(60):
        while not any("\n" in path.read_text() for path in folder.glob(log)):
            await asyncio.sleep(0.05)


def _pid_of(word: str, folder: Path) -> int:
    (pid,) = (pid for pid, line in started_below(folder) if word in line)
    return pid
