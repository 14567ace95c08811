"""The same over a path of 80 ms, and over one that loses the first SYN: a program in a network namespace of its own.

python -m bench.accuracy.far FOLDER SECONDS CLIENT...
"""

import asyncio
import sys
from pathlib import Path

from bench.accuracy.condition import Found, Way, measure
from bench.accuracy.mirror import DEVICE, FAR, NEAR, mirrored
from bench.accuracy.reading import say

PATHS = {"80 ms": False, "80 ms, the first SYN is lost": True}
SCHEMES = ("http", "https")

FarFound = dict[str, dict[str, dict[str, Found]]]
"""By path, scheme and client."""


def main(folder: Path, seconds: float, clients: list[str]) -> FarFound:
    found: FarFound = {}
    way = Way(DEVICE, NEAR, FAR)
    for path, loses in PATHS.items():
        with mirrored(loses_first_syn=loses):
            found[path] = {
                scheme: {
                    client: asyncio.run(measure(client, scheme, "far", seconds, folder, way)) for client in clients
                }
                for scheme in SCHEMES
            }
    return found


if __name__ == "__main__":
    say(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
