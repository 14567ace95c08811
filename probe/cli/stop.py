import asyncio
import os
import signal
import threading
from contextlib import suppress


def stop_request(*, with_stdin: bool = False) -> asyncio.Event:
    """Is set by SIGINT and SIGTERM, also for PID 1, and on request when standard input ends."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if with_stdin:
        # A thread, as a loop can watch a pipe but not a file; a daemon, as nobody can call off a read.
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    return stop


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with suppress(OSError):  # closed from the start
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(stop.set)
