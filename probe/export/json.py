"""Runs as JSON, one Run record to a line."""

from collections.abc import Iterable

from probe.model.codec import encode_run
from probe.model.result import Run


def render_json(runs: Iterable[Run]) -> str:
    return "".join(f"{encode_run(run).decode()}\n" for run in runs)
