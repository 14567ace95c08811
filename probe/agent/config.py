"""An agent's configuration as written. Each field's `Meta` is what `deploy/regions/example.yaml` explains."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NewType

from msgspec import Meta, Struct

from probe.model.duration import NANOSECONDS, Duration
from probe.model.journey import Budget, Count, Label, Schedule
from probe.model.network import Network
from probe.model.place import Place
from probe.model.size import Size
from probe.model.slot import Placement
from probe.model.template import Value

_S = NANOSECONDS["s"]


Listen = NewType("Listen", str)
"""Where to listen, `host:port`."""


class Written(Struct, frozen=True):
    """A text and where it stands: what is wrong with it may only be seen later."""

    text: str
    place: Place


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


class Writes(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


class Override(Struct, frozen=True):
    """What is different about one journey in this region."""

    place: Place
    enabled: Annotated[bool, Meta(description="false leaves the journey out; its slots are not expected.")] = True
    schedule: Annotated[Schedule | None, Meta(description="Takes the place of the journey's own schedule.")] = None
    variables: Annotated[
        Mapping[str, Value], Meta(description="Values for this journey's variables, before those of all journeys.")
    ] = {}
    placement: Annotated[Placement | None, Meta(description="Takes the place of the agent's placement.")] = None
    budget: Annotated[Budget | None, Meta(description="Takes the place of the journey's own budget.")] = None


class Logging(Struct, frozen=True):
    level: Annotated[Level, Meta(description="The least important kind of line to write (info unless said).")] = (
        Level.INFO
    )
    format: Annotated[Format, Meta(description="`text`, or `json` for a line of JSON each.")] = Format.TEXT


class SpoolBounds(Struct, frozen=True):
    """Beyond these the oldest records are dropped, counted, and told to the centre as a gap."""

    size: Annotated[Size, Meta(description="The most that waits for delivery (256MiB unless said).")] = Size(2**28)
    age: Annotated[Duration, Meta(ge=60 * _S, description="The longest a record waits (7d unless said).")] = Duration(
        7 * NANOSECONDS["d"]
    )


class Export(Struct, frozen=True):
    """One entry of the `export:` list: the exporter's name, and its own block."""

    exporter: str
    config: Any
    place: Place


class SecretSources(Struct, frozen=True):
    """Where the values of secrets come from before the environment, by the name that a journey's `env:` says."""

    folder: Annotated[str, Meta(description="A file for each secret in it, named as its variable.")] = ""
    files: Annotated[Mapping[str, str], Meta(description="The file of a secret, by its variable.")] = {}
    commands: Annotated[
        Mapping[str, tuple[str, ...]],
        Meta(description="The command that prints a secret, by its variable; run at the start and every 5 minutes."),
    ] = {}


Patterns = NewType("Patterns", tuple[Written, ...])
Overrides = Mapping[str, Override]
Exports = tuple[Export, ...]


class AgentConfig(Struct, frozen=True):
    region: Annotated[Label, Meta(description="Where this agent is: a label on everything.")]
    journeys: Annotated[
        Patterns, Meta(description="Files, folders and globs of journeys; they start at this file's folder.")
    ]
    place: Place
    env: Annotated[Label, Meta(description="Which shop this is about (production unless said).")] = Label("production")
    agent: Annotated[
        Label, Meta(description="The agent's name; the host's unless said. Must not change from start to start.")
    ] = Label("")
    variables: Annotated[
        Mapping[str, Value], Meta(description="Values for all journeys that have such a variable; shop is the target.")
    ] = {}
    network: Annotated[
        Network | None,
        Meta(description="How requests leave this region; what journeys and steps say under network: comes before it."),
    ] = None
    overrides: Annotated[Overrides, Meta(description="What is different about a journey here, by its name.")] = {}
    placement: Annotated[
        Placement, Meta(description="How the regions share a journey's slots: interleave, synchronised or rotate.")
    ] = Placement.INTERLEAVE
    regions: Annotated[
        tuple[Label, ...],
        Meta(description="All regions that run these journeys, in the same order in every region's file."),
    ] = ()
    concurrency: Annotated[
        Count, Meta(description="Runs at once (10 unless said); more wait, and the wait is kept.")
    ] = Count(10)
    control: Annotated[
        tuple[Written, ...],
        Meta(
            description="Two or three targets independent of the shop, host:port or URL: when none of them can be "
            "reached either, a failure is this agent's own."
        ),
    ] = ()
    state: Annotated[str, Meta(description="Folder of ledger and spool; must survive restarts.")] = "/var/lib/probe"
    listen: Annotated[
        Listen, Meta(description="Address of /metrics, /status and /-/healthy (127.0.0.1:9464 unless said).")
    ] = Listen("127.0.0.1:9464")
    export: Annotated[Exports, Meta(description="Where the results go: a list of exporters.")] = ()
    spool: Annotated[SpoolBounds, Meta(description="How much is kept while it cannot be delivered.")] = SpoolBounds()
    writes: Annotated[
        Writes, Meta(description="`allow` lets steps with effect: write go beyond this machine (deny unless said).")
    ] = Writes.DENY
    kill_switch: Annotated[
        str,
        Meta(
            description="While this file is there nothing is written; nor while `stop-writes` is in the state folder."
        ),
    ] = ""
    secrets: Annotated[SecretSources, Meta(description="Where secrets come from, before the environment.")] = (
        SecretSources()
    )
    grace: Annotated[
        Duration, Meta(description="How long running journeys may go on after SIGTERM before they are cut (30s).")
    ] = Duration(30 * _S)
    heartbeat: Annotated[
        Duration, Meta(ge=_S, description="How often the agent tells the centre that it lives (15s unless said).")
    ] = Duration(15 * _S)
    logging: Annotated[Logging, Meta(description="What is written to stderr, and how.")] = Logging()
