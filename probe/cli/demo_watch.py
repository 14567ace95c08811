"""What the demo's hub comes to know, told as it does."""

import os
import sys
import time

import msgspec

from probe.cli.ask_hub import ask_hub
from probe.cli.compare import PATH
from probe.cli.demo_fleet import JOURNEYS, REGIONS, Fleet
from probe.cli.reports import say, view_for
from probe.compare.cells import FEWEST
from probe.compare.result import Comparison, Finding
from probe.errors import ExitCode, ProbeError, UsageError
from probe.export.comparison import comparison_lines, set_off
from probe.export.text import cut, wrapped

LOOK_EVERY_S = 1.0
TELL_EVERY_S = 10.0
"""How often progress is a line of its own, where it cannot be rewritten."""


class Watch:
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._view = view_for(sys.stdout, quiet=False, verbose=False)
        self._live = sys.stderr.isatty()
        self._told: dict[tuple[str, str], bool] = {}
        """By journey and region, whether it was told of few slots only."""
        self._progress_at = 0.0
        self._latest: dict[str, Comparison] = {}

    def follow(self, until: float | None) -> None:
        """Until that instant of the monotonic clock; ProbeError when a process of the fleet has ended."""
        while until is None or time.monotonic() < until:
            self._fleet.require_alive()
            for journey in JOURNEYS:
                self._look(journey)
            self._tell_progress()
            time.sleep(LOOK_EVERY_S)
        self._clear()

    def conclude(self) -> ExitCode:
        """The comparison; ProbeError when nothing was found."""
        self.show()
        if self._told:
            return ExitCode.PASSED
        why = f"it takes {FEWEST} runs in each region" if self._latest else "no run has arrived"
        raise ProbeError(f"no region is slower for certain as yet: {why}; try --for 2m")

    def show(self) -> None:
        """One comparison in full, for all were told."""
        self._clear()
        found = {journey for journey, _ in self._told}
        for journey in sorted(self._latest, key=lambda journey: journey not in found)[:1]:
            say("\n".join(["", *comparison_lines(self._latest[journey], self._view), ""]), sys.stdout)

    def _look(self, journey: str) -> None:
        comparison = self._ask(journey)
        if comparison is not None:
            self.take(journey, comparison)

    def take(self, journey: str, comparison: Comparison) -> None:
        """Tells what is new in it."""
        self._latest[journey] = comparison
        for finding in comparison.findings:
            key = (journey, finding.region)
            news = finding.phase is not None and not finding.usual
            if news and (key not in self._told or self._told[key] > finding.early):
                self._told[key] = finding.early
                self._tell(journey, finding)

    def _ask(self, journey: str) -> Comparison | None:
        """None while the hub has no run of the journey."""
        try:
            answer = ask_hub(self._fleet.url, PATH, {"journey": journey}, token="")
        except UsageError:
            return None
        except ProbeError:
            self._fleet.require_alive()  # says more
            raise
        return msgspec.json.decode(answer, type=Comparison)

    def _tell(self, journey: str, finding: Finding) -> None:
        self._clear()
        first, *rest = wrapped(finding.sentence, self._view.width - 13)
        head = self._view.style(f"{journey:9}", fg="yellow", bold=True)
        text = "".join([f"{first}\n", *(f"{'':12}{line}\n" for line in rest)])
        say(f"{head} ▲ {set_off(text, self._view)}", sys.stdout)

    def _tell_progress(self) -> None:
        if self._live:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns  # a line that wraps could not be rewritten
            sys.stderr.write(f"\r\x1b[K{cut(self._progress(), columns - 1)}")
        elif time.monotonic() - self._progress_at >= TELL_EVERY_S:
            self._progress_at = time.monotonic()
            sys.stderr.write(f"{self._progress()}\n")
        sys.stderr.flush()

    def _progress(self) -> str:
        counts = dict.fromkeys(REGIONS, 0)
        for comparison in self._latest.values():
            for summary in comparison.regions:
                counts[summary.region] += summary.runs
        return "runs so far: " + ", ".join(f"{region} {count}" for region, count in counts.items())

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
