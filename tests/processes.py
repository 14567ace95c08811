"""What runs on this machine."""

from pathlib import Path


def started_below(folder: Path) -> list[tuple[int, str]]:
    """The processes whose command line names something in the folder."""
    found = ((int(path.parent.name), _command_line(path)) for path in Path("/proc").glob("[0-9]*/cmdline"))
    return [(pid, line) for pid, line in found if str(folder) in line]


def _command_line(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # it has ended meanwhile
        return ""
