"""What the hub's store holds, as its readers get it. Instants are nanoseconds since the Unix epoch."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from probe.compare.result import Sample
from probe.model.record import GapRecord, Heartbeat, Record, SlotsRecord
from probe.model.result import Run


class StoreTrouble(Exception):  # noqa: N818 - a word of ours, not of Python's
    """The store could not do it now, and has done nothing of it. `full`: for want of space."""

    def __init__(self, reason: str, *, full: bool = False) -> None:
        super().__init__(reason)
        self.full = full


class Scope(StrEnum):
    INGEST = "ingest"
    """May send records, as one region and agent."""
    READ = "read"
    """May look at the page and ask the API."""


class Token(Struct, frozen=True):
    """A credential as it is kept: its SHA-256, never itself. `region` and `agent` bind an ingest token."""

    id: int
    scope: Scope
    region: str
    agent: str
    created_ns: int
    used_ns: int | None = None


class Appended(Struct, frozen=True):
    """What became of a batch's records; all of them are on disk, or none is."""

    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    """From the future: kept aside, and taken in once their time has come."""
    refused: tuple[tuple[str, str], ...] = ()
    """Key and reason of those that will never be taken: older than what is kept, or not to be kept at all."""


class RunLine(Struct, frozen=True):
    """A run in a list or a trend."""

    run_id: str
    region: str
    agent: str
    journey: str
    at_ns: int
    slot: int | None
    trigger: str
    verdict: str
    cause: str
    duration_ns: int
    suspect: bool
    failed_step: str
    reason: str = ""
    """The failure in a few words, such as `HTTP 500`."""


class SeriesFacts(Struct, frozen=True):
    """A journey in a region over a window: scheduled runs only. Latency is of passed runs that are not suspect."""

    env: str
    journey: str
    region: str
    passed: int
    failed: int
    errored: int
    suspect: int
    p50_ns: int | None
    p95_ns: int | None
    last: RunLine | None
    """The latest run, of any age."""


class AgentFacts(Struct, frozen=True):
    region: str
    agent: str
    env: str
    heard_ns: int
    """When the hub last got anything from it, by the hub's clock."""
    beat: Heartbeat | None
    """Its latest heartbeat."""


class Store(Protocol):
    """Where the hub keeps what agents sent. Synchronous: the hub calls it from threads; every method may be called from
    any of them, and raises StoreTrouble. `probe.hub.sqlite` is one; whatever else there will be passes the same tests.

    Windows begin with `since_ns` and end before `until_ns`.
    """

    def append(self, records: Sequence[Record], *, now_ns: int) -> Appended:
        """Takes records in, each once (by its key), and notes that their agents spoke. Whose they are is settled."""

    def journeys(self) -> list[tuple[str, str]]:
        """(env, journey), sorted."""

    def agents(self) -> list[AgentFacts]: ...

    def overview(self, since_ns: int, until_ns: int) -> list[SeriesFacts]: ...

    def samples(self, env: str, journey: str, since_ns: int, until_ns: int) -> dict[str, list[Sample]]:
        """Scheduled runs by region, oldest first."""

    def run(self, run_id: str) -> Run | None: ...

    def runs(
        self, env: str, journey: str, region: str | None, since_ns: int, until_ns: int, limit: int
    ) -> list[RunLine]:
        """The latest first, of every trigger."""

    def next_run(self, env: str, journey: str, region: str, after_ns: int) -> RunLine | None:
        """The first that began later, of every trigger."""

    def slots(self, env: str, journey: str, since_ns: int, until_ns: int) -> list[SlotsRecord]:
        """Slots without a run that were due in the window."""

    def ran(
        self, env: str, journey: str, region: str, agent: str, every_ns: int, since_ns: int, until_ns: int
    ) -> Sequence[int]:
        """The slots, on a grid of that interval, of which a scheduled run that began in the window is here; sorted."""

    def gaps(self, since_ns: int, until_ns: int) -> list[GapRecord]: ...

    def quarantined(self) -> int: ...

    def add_token(self, scope: Scope, region: str, agent: str, digest: bytes, *, now_ns: int) -> Token: ...

    def tokens(self) -> list[Token]: ...

    def find_token(self, digest: bytes, *, now_ns: int) -> Token | None:
        """The token with this SHA-256, compared in constant time; notes, to the hour, that it was used."""

    def revoke_token(self, token_id: int) -> bool:
        """Whether there was one."""

    def prune(self, before_ns: int) -> int:
        """Forgets runs and records older than that; how many. A bounded number at a time: until it says 0."""

    def close(self) -> None: ...
