"""How the other side of an exporter behaves, and how long to leave it alone for that."""

import logging
from collections.abc import Callable

from probe.agent.clock import Clock
from probe.export.text import cut
from probe.model.batch import Outcome, Result
from probe.model.duration import NANOSECONDS, format_duration

FIRST_BACKOFF_NS = NANOSECONDS["s"] // 2
LONGEST_BACKOFF_NS = 60 * NANOSECONDS["s"]
PAUSE_NS = 5 * NANOSECONDS["m"]
LONGEST_REASON = 200

DELIVERING, WAITING, RETRYING, PAUSED, STOPPED = "delivering", "waiting", "retrying", "paused", "stopped"

log = logging.getLogger("probe.delivery")


class Patience:
    """Logs a line when the state changes, not when a try fails."""

    def __init__(self, exporter: str, clock: Clock, chance: Callable[[], float]) -> None:
        self.state = WAITING
        self.reason = ""
        """What the other side said when it last did not take a batch, in one printable line."""
        self.remark = ""
        """What it said of the last batch that it took; mostly nothing."""
        self.failures = 0
        """Tries in a row that came to nothing."""
        self.retries = 0
        """All of those after which the same is sent again."""
        self._exporter = exporter
        self._clock = clock
        self._chance = chance
        self._since_ns: int | None = None

    def took(self, remark: str = "") -> None:
        """It has a batch."""
        if self._since_ns is not None:
            away = format_duration(self._clock.read().monotonic_ns - self._since_ns)
            log.info("%s is delivering again after %s", self._exporter, away)
        remark = cut(remark, LONGEST_REASON)
        if remark and remark != self.remark:
            log.warning("%s: %s", self._exporter, remark)
        self.remark = remark
        self.state = DELIVERING
        self.failures = 0
        self._since_ns = None

    def refused(self, number: int, reason: str) -> int:
        """It will never take that record. One who refuses record after record is asked ever more slowly, for it may
        not be the records' fault: nanoseconds."""
        self._note(reason)
        log.error("%s: record %d is refused for good: %s", self._exporter, number, self.reason)
        return self._backoff_ns()

    def failed(self, outcome: Outcome) -> int:
        """It took nothing this time: for how many nanoseconds to leave it alone."""
        self._note(outcome.reason)
        self.retries += 1
        if outcome.result is Result.PAUSED:
            self._turn(PAUSED, f"asking again every {format_duration(PAUSE_NS)}")
            return PAUSE_NS
        self._turn(RETRYING, "trying again")
        return self._backoff_ns() if outcome.after_ns is None else outcome.after_ns

    def _note(self, reason: str) -> None:
        self.failures += 1
        self.reason = cut(reason, LONGEST_REASON)

    def _turn(self, state: str, then: str) -> None:
        if self.state != state:
            log.warning("%s is %s: %s (everything is kept; %s)", self._exporter, state, self.reason, then)
        self.state = state
        if self._since_ns is None:
            self._since_ns = self._clock.read().monotonic_ns

    def _backoff_ns(self) -> int:
        """Full jitter: agents that lost their hub together do not come back together."""
        longest = FIRST_BACKOFF_NS << min(self.failures - 1, 20)
        return int(self._chance() * min(longest, LONGEST_BACKOFF_NS))
