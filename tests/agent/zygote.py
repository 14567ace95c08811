"""Forks agents from a process that has everything loaded: a life of a few tenths of a second is worth its start.

Each line of standard input is a configuration; its agent's pid is the answer. What the agents log goes to stderr.
"""

import asyncio
import os
import sys
from pathlib import Path

import probe.wire.client  # noqa: F401 - loaded here, once
from probe.agent.load import load_agent
from probe.agent.logs import start_logging
from probe.agent.service import serve
from probe.cli.loop import loop_factory


def main() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            live(Path(line.strip()))
        print(pid, flush=True)


def live(path: Path) -> None:
    code = 1
    try:
        loaded = load_agent(path)
        start_logging(loaded.config.logging)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(path, loaded, os.environ))
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
