"""A journey as written: frozen, never changed by running it.

Each field's `Meta` is what an editor shows for its key; `probe.spec` reads the file by these types and `probe schema`
prints them.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NewType

from msgspec import Meta, Struct, field

from probe.model.duration import NANOSECONDS, Duration
from probe.model.network import Network
from probe.model.place import Place
from probe.model.template import FilterCall, Text, Value

Percent = NewType("Percent", float)
"""A share written as `99.9%`, held as 0.999."""

Currency = NewType("Currency", str)
"""Three capital letters (ISO 4217)."""

Label = NewType("Label", str)
"""A name that goes into labels and reports: one line, not empty, at most 200 characters."""

TARGET = "shop"
"""The variable that says where a journey goes: `probe smoke --target` sets it, and an agent's `variables:` do."""

IDEMPOTENCY_KEY = "idempotency_key"
"""The name an undo knows the key by that its write was sent with."""

Count = NewType("Count", int)
"""A whole number, 1 or more."""

_MS = NANOSECONDS["ms"]
DEFAULT_CLEANUP_TIMEOUT = Duration(30 * NANOSECONDS["s"])


class Query(Struct, frozen=True):
    """Pulls a value out of what a step observed."""

    name: str
    argument: Text | None
    attribute: str | None
    place: Place


class Predicate(Struct, frozen=True):
    name: str
    value: Value
    place: Place


class Check(Struct, frozen=True):
    """Query, then filters, then every predicate; `negate` turns their outcome around."""

    query: Query
    filters: tuple[FilterCall, ...]
    predicates: tuple[Predicate, ...]
    place: Place
    negate: bool = False
    soft: bool = False


class Capture(Struct, frozen=True):
    name: str
    query: Query
    filters: tuple[FilterCall, ...]
    place: Place
    secret: bool = False


Checks = tuple[Check, ...]
Captures = tuple[Capture, ...]


class EffectKind(StrEnum):
    READ = "read"
    WRITE = "write"


class Poll(Struct, frozen=True):
    every: Annotated[Duration, Meta(ge=_MS * 100, description="Pause between two attempts, at least 100ms.")]
    timeout: Annotated[Duration, Meta(ge=_MS, description="Give up this long after the first attempt began.")]
    until: Annotated[Checks, Meta(description="The poll has passed when all of these hold.")]
    fail_if: Annotated[Checks, Meta(description="The step fails at once when all of these hold.")] = ()


class Retry(Struct, frozen=True):
    attempts: Annotated[Count, Meta(ge=2, description="How often the step is tried at most, the first time included.")]
    every: Annotated[Duration, Meta(ge=_MS, description="Pause between two attempts (1s unless said).")] = Duration(
        NANOSECONDS["s"]
    )


class Amount(Struct, frozen=True):
    value: Annotated[Decimal, Meta(description="How much the write spends.")]
    currency: Annotated[Currency, Meta(description="ISO 4217 code, for example EUR.")]


class Budget(Struct, frozen=True):
    """How much a journey may write in a region; a run that would go beyond it is skipped whole."""

    writes_per_hour: Annotated[Count | None, Meta(description="Writes in any hour.")] = None
    writes_per_day: Annotated[Count | None, Meta(description="Writes in any 24 hours.")] = None
    amount_per_day: Annotated[Amount | None, Meta(description="What the writes of any 24 hours spend together.")] = None
    open_effects: Annotated[
        Count | None, Meta(description="No further write while so many are neither undone nor looked after.")
    ] = None


class Synthetic(Struct, frozen=True):
    """How the shop knows the journey's requests (docs/safety.md)."""

    hosts: Annotated[
        tuple[str, ...], Meta(description="The shop's own hosts beside that of the variable shop: they get the marks.")
    ] = ()


class Secret(Struct, frozen=True):
    env: Annotated[str, Meta(description="The environment variable that holds the secret.")]
    default: Annotated[
        str | None,
        Meta(description="Value for a first try on your own machine; `probe smoke` and `probe agent` refuse it."),
    ] = None
    hosts: Annotated[tuple[str, ...], Meta(description="The only hosts the secret is ever sent to.")] = ()


class Schedule(Struct, frozen=True):
    every: Annotated[Duration, Meta(ge=_MS * 1000, description="The distance of two slots. Read by `probe agent`.")]
    timeout: Annotated[
        Duration | None, Meta(ge=_MS, description="The longest a run may take. Read by `probe agent`.")
    ] = None
    frequent_writes: Annotated[bool, Meta(description="true lets an agent write more often than every 15 minutes.")] = (
        False
    )


class Latency(Struct, frozen=True):
    p50: Annotated[Duration | None, Meta(description="Objective for the median of a run's duration.")] = None
    p95: Annotated[Duration | None, Meta(description="Objective for the 95th percentile of a run's duration.")] = None
    p99: Annotated[Duration | None, Meta(description="Objective for the 99th percentile of a run's duration.")] = None


class Slo(Struct, frozen=True):
    availability: Annotated[
        Percent | None, Meta(description="Share of scheduled runs that pass, for example 99.9%.")
    ] = None
    latency: Annotated[Latency | None, Meta(description="Objectives for the duration of a run.")] = None


class Step(Struct, frozen=True):
    """One timed user action. `action` is the block named after its kind (`http:`, `wait:`)."""

    name: Annotated[Label, Meta(description="What the user does here; unique in the journey.")]
    kind: str
    action: Any
    place: Place
    checks: Annotated[Checks, Meta(description="What must hold of what the step observed.")] = field(
        default=(), name="check"
    )
    captures: Annotated[Captures, Meta(description="Values to keep for later steps, by name.")] = field(
        default=(), name="capture"
    )
    poll: Annotated[Poll | None, Meta(description="Repeat the step until something holds.")] = None
    retry: Annotated[
        Retry | None, Meta(description="Try again when the target fails; a pass that took more than one try is flaky.")
    ] = None
    timeout: Annotated[
        Duration | None, Meta(ge=_MS, description="The longest one attempt may take (30s unless said).")
    ] = None
    effect: Annotated[
        EffectKind, Meta(description="`write`: changes something that matters; sent at most once per run.")
    ] = EffectKind.READ
    idempotent: Annotated[
        bool,
        Meta(description="true: the target does a write once, however often it gets it with one Idempotency-Key."),
    ] = False
    amount: Annotated[Amount | None, Meta(description="What the write spends.")] = None
    undo: Annotated["Undo | None", Meta(description="How to take the write back; runs after the steps.")] = None


Steps = tuple[Step, ...]


class Find(Step, frozen=True):
    """Finds out what a write made when its answer never came."""

    absent: Annotated[
        Checks, Meta(description="When all of these hold, the write made nothing, and there is nothing to undo.")
    ] = ()
    after: Annotated[
        Duration,
        Meta(ge=_MS, description="How long after the write that is believed: a slow shop may still be at it (1m)."),
    ] = Duration(NANOSECONDS["m"])


class Undo(Step, frozen=True):
    """Takes a write back: in the same run, or, by the journal, in another process that has nothing of that run."""

    login: Annotated[
        Steps, Meta(description="Steps before it when it is undone later: the session of the run is gone by then.")
    ] = ()
    find: Annotated[
        Find | None,
        Meta(description="The step before it when something it needs was never captured: the answer was lost."),
    ] = None


Cleanup = NewType("Cleanup", Steps)
"""The steps that run whatever happened, after all undos: none of them can have one."""


class Journey(Struct, frozen=True):
    name: Annotated[Label, Meta(description="The journey's name: a label on every metric.")] = field(name="journey")
    steps: Annotated[Steps, Meta(description="The user's actions, in order.")]
    file: str
    place: Place
    description: Annotated[str, Meta(description="One sentence for whoever reads the result at 3 a.m.")] = ""
    tags: Annotated[tuple[str, ...], Meta(description="Words to select journeys by: `probe run --tag`.")] = ()
    schedule: Annotated[Schedule | None, Meta(description="When `probe agent` runs the journey.")] = None
    variables: Annotated[
        Mapping[str, Value], Meta(description="Values for `${name}`; `--var name=value` overrides one.")
    ] = {}
    secrets: Annotated[
        Mapping[str, Secret], Meta(description="Values that are redacted wherever they would show.")
    ] = {}
    network: Annotated[
        Network | None, Meta(description="How requests get to their targets, in all steps that do not say otherwise.")
    ] = None
    slo: Annotated[Slo | None, Meta(description="What is promised to users.")] = None
    always: Annotated[Cleanup, Meta(description="Cleanup: runs whatever happened before.")] = Cleanup(())
    accounts: Annotated[
        tuple[Label, ...],
        Meta(description="Test accounts and cards it uses: runs that name the same one never go on at once."),
    ] = ()
    budget: Annotated[
        Budget | None, Meta(description="How much the journey may write; an agent that is allowed to write needs it.")
    ] = None
    synthetic: Annotated[Synthetic, Meta(description="How the shop knows the journey's requests.")] = Synthetic()
    cleanup_timeout: Annotated[
        Duration, Meta(description="Time for all `undo` steps together, and again for `always` (30s unless said).")
    ] = DEFAULT_CLEANUP_TIMEOUT
    definition: str = ""
    """Digest of what is performed (`probe.model.definition`)."""
