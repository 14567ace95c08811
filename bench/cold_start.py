"""Cold start: whole processes, as ratios to `python -c "import aiohttp"` measured in the same run.

Rounds are interleaved and medians taken, for machines are noisy; the ratios are the figures to compare.
"""

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import probe
from bench.rounds import interleave, ratio

ROUNDS = 15
BASE = "import aiohttp"
JOURNEY = """\
journey: cold start
variables: {shop: "http://127.0.0.1:1"}
steps:
  - name: healthy
    http: {get: "${shop}/healthz"}
    check: [{status: 200}]
"""
AIMS = {"probe run": 1.5, "probe --help": 0.5, "probe check": 0.5}


def main() -> None:
    compileall.compile_dir(Path(probe.__file__).parent, quiet=1)  # as an installer does, and aiohttp's was
    shop = subprocess.Popen(
        [sys.executable, "-m", "probe.demo", "--port", "0", "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shop.stdout is not None
    assert shop.stdin is not None
    url = shop.stdout.readline().split('"')[3]
    with tempfile.TemporaryDirectory() as folder:
        journey = Path(folder) / "journey.yaml"
        journey.write_text(JOURNEY)
        each = commands(str(journey), url)
        table(interleave({name: partial(seconds_of, command) for name, command in each.items()}, ROUNDS))
    shop.stdin.close()
    shop.wait()


def commands(journey: str, url: str) -> dict[str, list[str]]:
    probe = str(Path(sys.executable).parent / "probe")
    return {
        BASE: [sys.executable, "-c", BASE],
        "probe run": [probe, "run", journey, "--var", f"shop={url}"],
        "probe --help": [probe, "--help"],
        "probe check": [probe, "check", journey],
    }


def seconds_of(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def table(seconds: dict[str, list[float]]) -> None:
    print(f"{ROUNDS} rounds, interleaved; median of whole processes")
    for name, values in seconds.items():
        aim = f"   aim ≤ {AIMS[name]:.1f}" if name in AIMS else ""
        print(f"  {name:16} {statistics.median(values) * 1000:6.0f} ms   {ratio(values, seconds[BASE]):5.2f} ×{aim}")


if __name__ == "__main__":
    main()
