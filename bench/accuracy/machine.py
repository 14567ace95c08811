"""What the figures were measured on, as far as it bears on them; nothing that names the machine."""

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.accuracy.capture import tcpdump


def description(load: str) -> list[str]:
    """Lines of Markdown. `load` is the machine's load average when the measurement began."""
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    libraries = ", ".join(f"{name} {_version(name)}" for name in ("aiohttp", "uvloop", "pycurl"))
    return [
        f"- Linux {kernel}, {os.cpu_count()} × {_processor()}{_virtual()}",
        f"- Python {sys.version.split()[0]}, {libraries}, {_first_words('curl', '--version')}, {_tcpdump()}",
        f"- load average {load} when it began: whatever else ran took its share of the processors",
    ]


def missing() -> str:
    """Why it cannot be measured here; empty when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "packets can be captured by root on Linux only"
    if tcpdump() is None:
        return "tcpdump is not installed; as root on Debian, apt-get install tcpdump"
    return ""


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _virtual() -> str:
    return ", virtual" if re.search(r"^flags.*\bhypervisor\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE) else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _tcpdump() -> str:
    program = tcpdump()
    return _first_words(program, "--version") if program else "no tcpdump"


def _first_words(*command: str) -> str:
    """Name and version, as it says them."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"no {command[0]}"
    name, *words = (said.stdout or said.stderr).split()
    return f"{name} {words[1] if words[0] == 'version' else words[0]}"
