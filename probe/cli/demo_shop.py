import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from probe.errors import ProbeError


@contextmanager
def demo_shop() -> Iterator[str]:
    """The URL of a demo shop on a free port, in a process of its own that ends when this one does."""
    command = [sys.executable, "-m", "probe.demo", "--port", "0", "--stop-with-stdin"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        if not ready:
            raise ProbeError(f"the demo shop did not start (it ended with {process.wait()})")
        yield str(json.loads(ready)["url"])
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
