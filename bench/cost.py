"""What work costs: CPU and memory, and on which processor. Of the standard library only: a peer has its own Python."""

import gc
import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER, CLIENT = 0, -1
"""Of the processors this process may use, the first for the server and the last for the client."""


@contextmanager
def on_processor(which: int) -> Iterator[None]:
    """This process and all it starts meanwhile."""
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[which]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, processors)


class Spent:
    cpu_s = 0.0


@contextmanager
def spent(who: int = resource.RUSAGE_SELF) -> Iterator[Spent]:
    """CPU seconds, user and system, of this process or of the children it waits for meanwhile."""
    gc.collect()
    spent = Spent()
    before = resource.getrusage(who)
    yield spent
    after = resource.getrusage(who)
    spent.cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far: all its threads, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int | str = "self") -> float:
    return _memory_mib(pid, "VmRSS")


def peak_rss_mib(pid: int | str = "self") -> float:
    return _memory_mib(pid, "VmHWM")


def _memory_mib(pid: int | str, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024
