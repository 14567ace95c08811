"""The program as a shell runs it."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


async def start_probe(*arguments: object, **environ: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "probe",
        *map(str, arguments),
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run_probe(*arguments: object, **environ: str) -> Ended:
    """Waits for the end. Keyword arguments are environment variables."""
    process = await start_probe(*arguments, **environ)
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


def write_journey(folder: Path, steps: str, *, name: str = "small", head: str = "") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(f'journey: {name}\nvariables: {{shop: "http://127.0.0.1:1"}}\n{head}steps:\n{steps}')
    return path
