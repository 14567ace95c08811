"""How long the kernel held this process back for its control group's CPU limit: cgroup v2's cpu.stat, and v1's."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_TOLD = re.compile(rb"throttled_(usec|time) ([0-9]+)")
_UNITS = {b"usec": 1000, b"time": 1}
"""Nanoseconds in what the two versions count."""


class Throttle:
    """`proc` is the process' folder in /proc. Its group is looked for once; the limit may come and go."""

    def __init__(self, proc: Path = Path("/proc/self")) -> None:
        self._files = [path for path in _candidates(proc) if _throttled_ns(path) is not None]

    def total_ns(self) -> int | None:
        """Of the group and those above it, over all processors, since they were made; None where nothing tells."""
        told = [found for path in self._files if (found := _throttled_ns(path)) is not None]
        return sum(told) if told else None


def _throttled_ns(path: Path) -> int | None:
    """Read in the plainest way: it is asked for twice a run."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        told = _TOLD.search(os.read(file, 4096))
    except OSError:
        return None
    finally:
        os.close(file)
    return int(told[2]) * _UNITS[told[1]] if told else None


def _candidates(proc: Path) -> Iterator[Path]:
    """cpu.stat of the process' group in each hierarchy that has one, and of the groups above that it can see."""
    try:
        groups = _groups((proc / "cgroup").read_text())
        mounts = (proc / "mountinfo").read_text().splitlines()
    except OSError:
        return
    for root, mounted, options in map(_mount, mounts):
        for controller, group in groups.items():
            if controller in options:
                inside = Path(group).relative_to(root) if Path(group).is_relative_to(root) else Path()
                folder = Path(mounted) / inside
                yield from (each / "cpu.stat" for each in (folder, *folder.parents) if each.is_relative_to(mounted))


def _groups(text: str) -> dict[str, str]:
    """By what the mount of its hierarchy says: `cgroup2`, or `cpu` for the one of v1 (cgroups(7))."""
    groups = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            groups["cgroup2"] = path
        elif "cpu" in controllers.split(","):
            groups["cpu"] = path
    return groups


def _mount(line: str) -> tuple[str, str, set[str]]:
    """What of the hierarchy is mounted, where, and its type and options (proc_pid_mountinfo(5))."""
    mount, _, system = line.partition(" - ")
    root, mounted = mount.split()[3:5]
    kind, _, options = (*system.split(), "", "")[:3]
    return root, mounted, {kind} if kind == "cgroup2" else set(options.split(",")) if kind == "cgroup" else set()
