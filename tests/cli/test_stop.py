import asyncio
import os
import signal
import subprocess
import sys

import pytest

from probe.cli.stop import stop_request

WAIT = """
import asyncio
from probe.cli.stop import stop_request

async def main():
    await stop_request(with_stdin=True).wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    stop = stop_request()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(stop.wait(), 30)
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(each)


def test_so_does_the_end_of_standard_input() -> None:
    with subprocess.Popen([sys.executable, "-c", WAIT], stdin=subprocess.PIPE) as process:
        process.communicate(b"something\n", timeout=30)
    assert process.returncode == 0


def test_a_standard_input_that_is_closed_has_ended() -> None:
    command = ["sh", "-c", 'exec "$0" -c "$1" <&-', sys.executable, WAIT]
    assert subprocess.run(command, check=False, timeout=30).returncode == 0
