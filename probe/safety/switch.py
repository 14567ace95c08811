"""The kill switch: a file that stops all writes while it is there. Reads and undo go on."""

from pathlib import Path

FILE = "stop-writes"


def stopped_by(path: Path) -> str:
    """Why nothing may be written; empty when it may. A file that cannot be looked for stops writes too."""
    try:
        path.lstat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"writes are stopped: {path} cannot be looked for ({error.strerror})"
    return f"writes are stopped: {path} is there"
