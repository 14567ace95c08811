"""Agents that are started and killed many times."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.cli.process import ROOT


@asynccontextmanager
async def zygote() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.agent.zygote",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def start(process: asyncio.subprocess.Process, config: Path) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{config}\n".encode())
    return int(await process.stdout.readline())


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


async def end(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)
    async with asyncio.timeout(30):
        while not gone(pid):
            await asyncio.sleep(0.005)
