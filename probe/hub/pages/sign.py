"""Verdicts as a reader sees them: a mark and a word, so that colour is never needed."""

from collections.abc import Mapping

from msgspec import Struct

from probe.compare.result import RegionVerdict
from probe.model.result import Verdict


class Sign(Struct, frozen=True):
    """`tone` is the class that colours it: passed, failed, errored, warning or quiet."""

    mark: str
    word: str
    tone: str


RUN_SIGNS: Mapping[str, Sign] = {
    Verdict.PASSED: Sign("✓", "passed", "passed"),
    Verdict.FAILED: Sign("✗", "failed", "failed"),
    Verdict.ERRORED: Sign("!", "errored", "errored"),
    Verdict.SKIPPED: Sign("–", "skipped", "quiet"),
}

REGION_SIGNS: Mapping[RegionVerdict, Sign] = {
    RegionVerdict.UP: Sign("✓", "up", "passed"),
    RegionVerdict.DOWN: Sign("✗", "down", "failed"),
    RegionVerdict.AGENT: Sign("!", "agent trouble", "errored"),
    RegionVerdict.SILENT: Sign("–", "silent", "silent"),
    RegionVerdict.UNKNOWN: Sign("?", "unknown", "quiet"),
}

NOTHING = Sign("–", "no runs", "quiet")


def run_sign(verdict: str) -> Sign:
    """Of a run or a step; a verdict of a later version is shown as it is."""
    return RUN_SIGNS.get(verdict) or Sign("?", verdict, "quiet")
