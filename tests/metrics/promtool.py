"""Prometheus' own judge of what we expose."""

import asyncio
from dataclasses import dataclass

from tests.programs import require_program


@dataclass(frozen=True)
class Ended:
    code: int
    said: str


async def promtool(*arguments: object, stdin: bytes = b"") -> Ended:
    process = await asyncio.create_subprocess_exec(
        require_program("promtool"),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(stdin)
    assert process.returncode is not None
    return Ended(process.returncode, said.decode())
