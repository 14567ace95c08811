"""What a comparison of regions says, as values: the terminal, the page and JSON are projections of it.

Durations are integer nanoseconds, or floating-point ones where they are statistics of them; instants are nanoseconds
since the Unix epoch.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from probe.model.timing import Phase


class StepSample(Struct, frozen=True):
    """What one run measured of one step that passed: its last attempt."""

    duration_ns: int
    phases: Mapping[Phase, int]


class Sample(Struct, frozen=True):
    """One scheduled run as the comparison sees it."""

    slot: int
    """The slot's index: runs of all regions with the same index are compared with each other."""
    every_ns: int
    at_ns: int
    """When it began."""
    verdict: str
    cause: str
    """Of its failure; empty when it passed."""
    definition: str
    suspect: bool
    duration_ns: int
    steps: Mapping[str, StepSample]
    """By name, the passed steps of the journey's own section."""
    failed_step: str = ""
    """The first step that did not pass, wherever in the journey it stands."""
    reason: str = ""
    """The failure in a few words, such as `HTTP 500`."""


class RegionFacts(Struct, frozen=True):
    """What the centre knows of a region's agent, beside its runs."""

    region: str
    samples: tuple[Sample, ...] = ()
    heard_ns: int | None = None
    """When its agent was last heard of in any way."""
    expected_every_ns: int = 0
    """How often at least it should be heard of."""
    controls_sound: bool | None = None


class Contribution(Struct, frozen=True):
    phase: Phase
    shift_ns: float
    """How much of the trimmed difference this phase makes: all contributions add up to it."""


class Onset(Struct, frozen=True):
    """When a difference began: somewhere in this interval."""

    after_ns: int
    before_ns: int
    was_ns: float = 0.0
    """The difference there was until then: 0 or so, or a region's usual distance."""
    grown: Contribution | None = None
    """The phase that grew most, and by how much."""


class Difference(Struct, frozen=True):
    """A region's step against the median of the other regions in the same slots, or against its own past."""

    pairs: int
    shift_ns: float
    low_ns: float
    high_ns: float
    """The ends of the 95 % confidence interval of `shift_ns`."""
    share: float
    """`shift_ns` as a share of what it is compared with."""
    p_value: float
    significant: bool
    """Whether it is both certain (after Benjamini–Hochberg over all cells) and large enough to matter."""
    trimmed_ns: float
    contributions: tuple[Contribution, ...]
    """The largest first; they add up to `trimmed_ns`."""
    onset: Onset | None = None
    """When it changed last: all the rest is of the slots since then. None when it was as it is all through the window,
    or when it cannot be told."""
    early: bool = False
    """Few pairs: the interval may be too narrow."""


class Cell(Struct, frozen=True):
    region: str
    step: str
    runs: int
    median_ns: float | None
    p95_ns: float | None
    phases: Mapping[Phase, float]
    """The mean of each phase over the middle 80 % of the runs by duration: they add up to a typical duration."""
    difference: Difference | None = None
    rise: Difference | None = None
    """Against its own earlier runs in the window, where it became slower and is so still; `pairs` are runs since."""
    note: str = ""
    """Why there is no difference: too little data, one region only."""


class RegionVerdict(StrEnum):
    UP = "up"
    DOWN = "down"
    """Its runs fail, and its agent is sound."""
    AGENT = "agent"
    """Its own network or machine is the problem: it errs, or its controls fail."""
    SILENT = "silent"
    """Not heard of for longer than it should be: neither up nor down."""
    UNKNOWN = "unknown"
    """Heard of, with too few runs to say."""


class RegionSummary(Struct, frozen=True):
    region: str
    verdict: RegionVerdict
    runs: int
    passed: int
    failed: int
    errored: int
    suspect: int
    median_ns: float | None
    p95_ns: float | None
    heard_ns: int | None
    why: str = ""
    """The verdict in a few words, for the ones that are not up."""


class Finding(Struct, frozen=True):
    """One thing a person should read, the most important first. Names of steps stand between asterisks."""

    sentence: str
    region: str = ""
    step: str = ""
    phase: Phase | None = None
    usual: bool = False
    """No news: it was so all through the window."""
    early: bool = False
    """Of few slots: it may be told otherwise soon."""
    verdict: RegionVerdict | None = None
    """Of the region or regions it is about, where it tells of that."""


class Comparison(Struct, frozen=True):
    journey: str
    since_ns: int
    until_ns: int
    headline: str
    """The verdict over the regions, in a sentence."""
    findings: tuple[Finding, ...]
    regions: tuple[RegionSummary, ...]
    steps: tuple[str, ...]
    cells: tuple[Cell, ...]
    left_out: int = 0
    """Runs that were not compared: suspect, or of another definition of the journey."""

    def cell(self, region: str, step: str) -> Cell | None:
        return next((cell for cell in self.cells if (cell.region, cell.step) == (region, step)), None)
