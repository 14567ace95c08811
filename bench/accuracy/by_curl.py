"""curl, a process for each journey, with the times that `--write-out` prints."""

import asyncio

import msgspec

from bench.accuracy.loads import drive, work
from bench.accuracy.reading import SIZES, Reading, Readings, Target


async def measure(target: Target) -> Readings:
    async def travel(number: int) -> list[Reading]:
        urls = [target.url(number, step) for step in range(len(SIZES[0]))]
        curl = await asyncio.create_subprocess_exec(
            *("curl", "--silent", "--http1.1", "--noproxy", "*", "--cacert", target.authority),
            *("--write-out", "%{json}\n"),
            *(part for url in urls for part in ("--output", "/dev/null", url)),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await curl.communicate()
        return [_reading(number, step, msgspec.json.decode(line)) for step, line in enumerate(said.splitlines())]

    return await drive(target.load, target.seconds, travel)


def _reading(number: int, step: int, times: dict[str, float]) -> Reading:
    def between(start: str, end: str) -> int:
        return round((times[f"time_{end}"] - times[f"time_{start}"]) * 1e9)

    figures = {
        "processing": between("pretransfer", "starttransfer"),
        "transfer": between("starttransfer", "total"),
        "total": round(times["time_total"] * 1e9),
    }
    if step == 0:
        figures["connect"] = between("namelookup", "connect")
        if times["time_appconnect"]:
            figures["tls"] = between("connect", "appconnect")
    return Reading(number, step, figures)


if __name__ == "__main__":
    work(measure)
