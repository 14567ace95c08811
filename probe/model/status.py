"""The agent as it stands: what `/metrics`, `/status` and the heartbeat show. Times in nanoseconds."""

from datetime import datetime

from msgspec import Struct

from probe.model.result import Cause, Run, Timekeeping, Trigger, Verdict
from probe.model.slot import Account


class JourneyStatus(Struct, frozen=True):
    journey: str
    account: Account | None
    """None when it is not scheduled here (disabled, or without a schedule)."""
    next_due: datetime | None = None
    running: bool = False
    last: Run | None = None
    """The latest run, whole."""
    disabled: bool = False
    expected: int = 0
    """Slots that were due over the ledger's life (`ledger.expected`), as `AgentStatus.slots` counts them."""


class ExporterStatus(Struct, frozen=True):
    """One exporter's delivery."""

    exporter: str
    state: str
    """`delivering`, `waiting` (nothing to do), `retrying`, `paused`, `stopped`."""
    records: int = 0
    """Waiting in the spool for it."""
    bytes: int = 0
    oldest: datetime | None = None
    delivered: int = 0
    """Since the agent started, as the two below."""
    retries: int = 0
    dropped: dict[str, int] = {}
    """By reason, over the spool's life: size, age, rejected, disk."""
    reason: str = ""
    """What the other side said last, when it did not take a batch."""
    delivered_at: datetime | None = None


class ControlStatus(Struct, frozen=True):
    target: str
    sound: bool
    message: str = ""


class RunCount(Struct, frozen=True):
    """Finished runs since the agent started."""

    journey: str
    verdict: Verdict
    cause: Cause | None
    trigger: Trigger
    count: int


class SlotCount(Struct, frozen=True):
    """Slots over the ledger's life."""

    journey: str
    state: str
    reason: str
    count: int


class AgentStatus(Struct, frozen=True):
    region: str
    agent: str
    env: str
    probe: str
    started_at: datetime
    now: datetime
    ready: bool
    why_not_ready: str
    journeys: tuple[JourneyStatus, ...]
    exporters: tuple[ExporterStatus, ...]
    controls: tuple[ControlStatus, ...]
    controls_sound: bool | None
    runs: tuple[RunCount, ...]
    slots: tuple[SlotCount, ...]
    in_flight: int
    queued: int
    concurrency: int
    loop_delay_ns: int
    """The worst of the last minute."""
    loop_delay_seconds_total: float
    queue_seconds_total: float
    """Spent by all runs waiting for a place."""
    suspect_runs: int
    spool_records: int
    spool_bytes: int
    spool_limit_bytes: int
    unwritten: int
    """Finished records that wait in memory because the disk did not take them."""
    effects_open: int
    """Writes that are not undone yet."""
    effects_leaked: int
    """Writes that could not be undone: a person must look at them."""
    writes_stopped: str
    """Why nothing may be written; empty when it may."""
    reloads: int
    reload_failures: int
    reloaded_at: datetime | None
    notices: tuple[str, ...] = ()
    gc_seconds_total: float = 0
    """Garbage collections, since the agent started."""
    gc_worst_ns: int = 0
    """The longest of the last minute; 0 when it took less than a millisecond."""
    throttled_seconds_total: float | None = None
    """For the CPU limit of the agent's control group, since that was made; None where nothing tells."""
    timekeeping: Timekeeping | None = None
    egress: tuple[str, ...] = ()
    """The addresses it is seen under from outside, one of each family at most, as its hub says."""
