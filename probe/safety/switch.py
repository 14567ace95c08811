"""The kill switch: a file that stops all writes while it is there. Reads and undo go on."""

from contextlib import suppress
from pathlib import Path

FILE = "stop-writes"
FROM_HUB = "stop-writes-from-hub"
"""The same, made and removed by what the hub says; so that it outlasts a restart without a hub in reach."""

LONGEST_REASON = 200


def stopped_by(path: Path) -> str:
    """Why nothing may be written; empty when it may."""
    reason = reason_of(path)
    return f"writes are stopped: {reason}" if reason else ""


def reason_of(path: Path) -> str:
    """The first line of the file, or that it is there; a file that cannot be looked for stops writes too."""
    try:
        path.lstat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} cannot be looked for ({error.strerror})"
    return _first_line(path) or f"{path} is there"


def _first_line(path: Path) -> str:
    with suppress(OSError), path.open("rb") as file:
        text = file.read(LONGEST_REASON).decode(errors="replace")
        return " ".join((text.splitlines() or [""])[0].split())
    return ""


def stop(path: Path, reason: str) -> None:
    """Puts the file there, whole or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(f"{reason}\n")
    new.replace(path)


def allow(path: Path) -> None:
    path.unlink(missing_ok=True)
