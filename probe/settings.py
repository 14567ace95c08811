import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from probe.durable.transactions import Transactions
from probe.model.network import NOTHING_SAID, Network
from probe.model.result import Trigger
from probe.model.slot import Slot
from probe.model.timing import Clock
from probe.steps.base import new_tokens

if TYPE_CHECKING:
    from probe.steps.tokens import Tokens

NAMESERVERS = "PROBE_NAMESERVERS"
"""The environment variable that says whom to ask for names, in place of those the system is set up with."""


class Clocks(Struct, frozen=True):
    """`monotonic_ns` measures, `now` only dates."""

    monotonic_ns: Callable[[], int] = time.perf_counter_ns
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Settings(Struct, frozen=True):
    """How a journey is run: everything that is not in its file."""

    trigger: Trigger
    region: str
    agent: str
    environ: Mapping[str, str]
    secrets: Mapping[str, str] | None = None
    """Where the values of secrets are looked up; None is the environment."""
    variables: Mapping[str, str] = {}
    """Values that take the place of those in the file."""
    timeout_ns: int | None = None
    """The longest all steps together may take; cleanup has its own time."""
    writes_allowed: bool = False
    stop_before_writes: bool = False
    """Perform the steps before the first write only."""
    secret_defaults: bool = True
    tls: Any = None
    network: Network = NOTHING_SAID
    """How requests leave this region."""
    tokens: "Tokens" = field(default_factory=new_tokens)
    """OAuth2 tokens: whoever makes the settings of several runs gives them the same."""
    env: str = ""
    run_id: str = ""
    """The id the run was announced under; empty takes a new one."""
    slot: Slot | None = None
    journal: Transactions | None = None
    """`effects.db`; without it nothing is written beyond this machine."""
    writes_stopped: Callable[[], str] = lambda: ""
    """Why nothing may be written now; empty when it may."""

    @property
    def instants(self) -> Clock:
        """Whose clock the wire is read from: the kernel's, unless `PROBE_CLOCK=user` is set."""
        return Clock.USER if self.environ.get("PROBE_CLOCK") == Clock.USER else Clock.KERNEL
