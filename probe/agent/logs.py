"""Log lines on stderr: text for a person, JSON for a collector."""

import logging
import sys
from datetime import UTC, datetime

import msgspec

from probe.agent.config import Format, Logging
from probe.export.text import printable


def start_logging(chosen: Logging) -> None:
    """Sends the lines of all loggers of `probe` to stderr; called again, it changes how."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if chosen.format is Format.JSON else TextLines())
    root = logging.getLogger("probe")
    root.handlers[:] = [handler]
    root.propagate = False
    root.setLevel(chosen.level.upper())


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TextLines(logging.Formatter):
    """What a target says can neither steer the terminal nor pass for a line of ours: further lines are indented."""

    def format(self, record: logging.LogRecord) -> str:
        message = "\n    ".join(printable(line) for line in record.getMessage().split("\n"))
        return f"{_instant(record)} {record.levelname.lower():7} {record.name}: {message}"


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        return msgspec.json.encode(line).decode()
