"""The Run: the one record of what happened. Every view, report and metric is a projection of it.

Times are integer nanoseconds (`…_ns`) so that sums can be checked exactly; `started_ns` counts from the run's start.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from probe.model.certificate import TlsFacts
from probe.model.duration import format_duration
from probe.model.place import Place
from probe.model.served import Edge, ServerTiming
from probe.model.slot import Slot
from probe.model.timing import Clock, Phase

SCHEMA = 1


class Verdict(StrEnum):
    """`failed` blames the target, `errored` blames us: agent, journey file, browser, the agent's own network."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


class Cause(StrEnum):
    """Why a step did not pass: a small fixed set, safe as a metric label.

    `blocked` is a bot challenge: the shop is up and does not want us, which is ours to settle.
    """

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    STATUS = "status"
    CHECK = "check"
    CAPTURE = "capture"
    BLOCKED = "blocked"
    SCRIPT = "script"
    BROWSER = "browser"
    AGENT = "agent"

    @property
    def verdict(self) -> Verdict:
        ours = self in (Cause.BLOCKED, Cause.SCRIPT, Cause.BROWSER, Cause.AGENT)
        return Verdict.ERRORED if ours else Verdict.FAILED


class Trigger(StrEnum):
    SCHEDULE = "schedule"
    RECHECK = "recheck"
    MANUAL = "manual"
    SMOKE = "smoke"


class Section(StrEnum):
    """Where in the journey a step stands."""

    STEPS = "steps"
    UNDO = "undo"
    ALWAYS = "always"


class EffectState(StrEnum):
    """What became of a write: `unknown` when its answer was lost and nothing could undo it."""

    OPEN = "open"
    UNDONE = "undone"
    UNKNOWN = "unknown"
    LEAKED = "leaked"


class Role(StrEnum):
    """What an exchange was for: `challenge` was refused and sent again with credentials, `token` fetched a token.

    A token's fetch, and what was refused before it, are in no step's duration.
    """

    REQUEST = "request"
    CHALLENGE = "challenge"
    TOKEN = "token"  # noqa: S105 - no password


class Failure(Struct, frozen=True, omit_defaults=True):
    cause: Cause
    message: str
    place: Place | None = None
    expected: str = ""
    actual: str = ""
    hint: str = ""


def of_addresses(failures: Sequence[tuple[str, Failure]], count: int) -> str:
    """The message of the first failure of several addresses' own, with how many there are and of which they are."""
    named = ", ".join(address for address, _ in failures)
    return f"{len(failures)} of {count} addresses failed ({named}): {failures[0][1].message}"


class CheckResult(Struct, frozen=True, omit_defaults=True):
    """One check as it stands in the file (`check`), and what came of it."""

    check: str
    passed: bool
    expected: str
    actual: str
    place: Place
    soft: bool = False
    hint: str = ""


class CaptureResult(Struct, frozen=True, omit_defaults=True):
    name: str
    value: Any = None
    failure: Failure | None = None


class Exchange(Struct, frozen=True, omit_defaults=True):
    """One request and its response on the wire; each redirect hop is its own.

    `phases` sum up to `duration_ns`; a phase that was not reached is absent.
    """

    method: str
    url: str
    started_ns: int
    duration_ns: int
    phases: dict[Phase, int]
    clock: Clock = Clock.USER
    """The kernel's when every instant the wire decided was read from it; else Python's, which a late loop delays."""
    reused: bool = False
    remote: str = ""
    status: int | None = None
    http_version: str = ""
    received_bytes: int = 0
    """Of the answer, its head and body as they came: chunked and compressed perhaps."""
    sent_bytes: int = 0
    """Of the request, its head and body."""
    body_bytes: int | None = None
    """Of the body when it was decoded; absent when it did not come whole."""
    wire_sent_bytes: int | None = None
    """What TCP carried for the exchange: TLS is in it, and its handshake on a connection of its own."""
    wire_received_bytes: int | None = None
    """As above, the other way. Both are absent where Python's own transports do not tell."""
    resolver: str = ""
    """Who was asked for the name's addresses: `system`, `hosts`, or name servers; empty when nobody had to be."""
    tls: TlsFacts | None = None
    """What the connection's handshake agreed on; absent on a reused one, whose first exchange has it."""
    server_timing: tuple[ServerTiming, ...] = ()
    edge: Edge | None = None
    rtt_ns: int | None = None
    """Smoothed round-trip time at the end, of TCP_INFO as what follows; absent where the platform has none."""
    min_rtt_ns: int | None = None
    """The shortest round trip of the connection's latest minutes."""
    retransmits: int | None = None
    """Segments this side sent again during the exchange, those of connecting included."""
    delivery_rate: int | None = None
    """Bytes per second at which TCP sent the request, as far as the network and not the request was the limit."""
    uncertain_ns: int = 0
    """By how much at most a boundary of `tls` or `processing` may be off; the phases beside it are right together.

    0.2 ms when the first few segments of an answer were read in time: only the last of them has a stamp of its own.
    """
    held_up_ns: int = 0
    """How long at most the agent, reading late, left the peer without room to send: it is in `transfer`."""
    notes: tuple[str, ...] = ()
    """What fails nothing and explains much: a body that was cut, a charset that nobody knows."""
    failure: Failure | None = None
    role: Role = Role.REQUEST
    proxy: str = ""
    """The HTTP proxy whose tunnel the exchange went through: `remote` and the round-trip times are its own."""
    tunnel_ns: int = 0
    """Of `connect`: from the connection to the proxy to its word that the target is connected."""
    unverified: bool = False
    """Whether the server could have been anybody: `insecure` took its certificate without a look."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """How it went its way, in words."""
        remarks = {
            "refused, sent again with credentials": self.role is Role.CHALLENGE,
            "fetches a token": self.role is Role.TOKEN,
            f"through the proxy {self.proxy}": self.proxy,
            "TLS without verification": self.unverified,
            "reused connection": self.reused,
        }
        return tuple(remark for remark, holds in remarks.items() if holds)

    @property
    def server_ns(self) -> int | None:
        """About how long the server took: `processing` without the round trip in it; None where that is not known."""
        trip_ns = self.min_rtt_ns or self.rtt_ns
        if trip_ns is None or Phase.PROCESSING not in self.phases:
            return None
        return max(self.phases[Phase.PROCESSING] - trip_ns, 0)


def timed(exchanges: Sequence[Exchange]) -> Sequence[Exchange]:
    """Those that are a step's own duration: a token was fetched before them, and what it replaced was refused."""
    last = max((index for index, each in enumerate(exchanges) if each.role is Role.TOKEN), default=-1)
    return exchanges[last + 1 :]


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One try of a step; a poll makes several."""

    started_ns: int
    duration_ns: int
    phases: dict[Phase, int]
    verdict: Verdict
    exchanges: tuple[Exchange, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    captures: tuple[CaptureResult, ...] = ()
    failure: Failure | None = None
    body: str = ""
    """The beginning of the answer's text, kept only when the attempt did not pass."""


class StepResult(Struct, frozen=True, omit_defaults=True):
    """A step as the reader sees it: its duration and phases are those of the last attempt.

    `time_to_pass_ns` of a poll spans from its first request to the answer that passed, pauses included.
    """

    name: str
    kind: str
    verdict: Verdict
    place: Place
    section: Section = Section.STEPS
    started_ns: int = 0
    duration_ns: int = 0
    phases: dict[Phase, int] = {}
    attempts: tuple[Attempt, ...] = ()
    time_to_pass_ns: int | None = None
    failure: Failure | None = None
    skipped: str = ""
    """Why the step was not performed."""
    flaky: bool = False


class Effect(Struct, frozen=True, omit_defaults=True):
    """What a write step that was sent left behind; `undoable` says whether the journey knows how to undo it."""

    step: str
    state: EffectState
    undoable: bool
    key: str = ""

    @property
    def needs_attention(self) -> bool:
        return self.undoable and self.state is not EffectState.UNDONE


class Timekeeping(Struct, frozen=True, omit_defaults=True):
    """How the kernel keeps the wall clock, which slots go by."""

    synchronised: bool
    """Whether anything (NTP, PTP) keeps it right."""
    offset_ns: int = 0
    """What the kernel has still to put right; 0 too where a program does it in its own way, as chrony does."""
    error_ns: int = 0
    """By how much it may be wrong at most; 16 s is the kernel's way of saying that it does not know."""

    @property
    def words(self) -> str:
        if not self.synchronised:
            return "not synchronised: nobody knows how wrong it is"
        return f"synchronised, wrong by {format_duration(self.error_ns)} at most"


class Health(Struct, frozen=True, omit_defaults=True):
    """The agent while the run went on: what may have reached its numbers."""

    loop_delay_ns: int = 0
    """The worst delay of the event loop: how late Python may have looked at the clock."""
    lag_ns: int = 0
    """From the slot's instant to the beginning of the run, the queue included."""
    queue_ns: int = 0
    """Of that, waiting for a place among the runs at once."""
    side_by_side: int = 1
    """Runs in flight when it began, itself included."""
    cpu_ns: int = 0
    """Processor time the agent spent meanwhile, on its other runs too."""
    throttled_ns: int | None = None
    """How long its control group was held back for its CPU limit, over all processors; None where nothing tells."""
    gc_ns: int = 0
    """Garbage collections, all together."""
    gc_worst_ns: int = 0
    """The longest of them; 0 when it took less than a millisecond."""
    timekeeping: Timekeeping | None = None


class Run(Struct, frozen=True, omit_defaults=True):
    run_id: str
    journey: str
    file: str
    region: str
    agent: str
    trigger: Trigger
    started_at: datetime
    duration_ns: int
    verdict: Verdict
    steps: tuple[StepResult, ...]
    probe: str
    """The version of the program that made the record."""
    schema: int
    description: str = ""
    tags: tuple[str, ...] = ()
    variables: dict[str, Any] = {}
    effects: tuple[Effect, ...] = ()
    failure: Failure | None = None
    interrupted: bool = False
    flaky: bool = False
    env: str = ""
    slot: Slot | None = None
    """The slot it ran for, when it was scheduled."""
    definition: str = ""
    """Digest of what was performed: only runs of the same definition are compared."""
    health: Health | None = None
    suspect: tuple[str, ...] = ()
    """Why the agent may have disturbed the timing; such a run counts in the ledger and in no latency figure."""
    egress: tuple[str, ...] = ()
    """The addresses the agent was seen under from outside, one of each family at most; empty when nobody told."""

    @property
    def effects_open(self) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.effects if effect.needs_attention)
