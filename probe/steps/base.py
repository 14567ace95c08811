"""What a step kind is. A new kind is a module of this shape and a line in `probe.steps.KINDS`."""

from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.evaluate.scope import Scope
from probe.evaluate.template import RenderError, render_text, render_value
from probe.model.duration import NANOSECONDS
from probe.model.network import NOTHING_SAID, Network
from probe.model.observation import Observation, Seen
from probe.model.place import Place
from probe.model.result import Cause, Exchange, Failure, Role
from probe.model.template import Text, Value
from probe.model.timing import Clock, Phase
from probe.safety.marker import Marker
from probe.safety.taint import Taints

if TYPE_CHECKING:
    from probe.steps.tokens import Tokens

TIME_LIMIT = 30 * NANOSECONDS["s"]
BODY_SHOWN = 64 * 1024
"""The record keeps less: it is cut when secrets are out of it."""


class ActionError(ValueError):
    """An action's keys do not go together. `key` is the one to point at; none means the whole action."""

    def __init__(self, message: str, hint: str = "", key: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.key = key


def new_tokens() -> "Tokens":
    from probe.steps.tokens import Tokens  # it needs asyncio, and reading a journey does not

    return Tokens()


class Options(Struct, frozen=True):
    """What all sessions of a run share. `clock` counts monotonic nanoseconds from the start of the run."""

    clock: Callable[[], int]
    user_agent: str
    instants: Clock = Clock.KERNEL
    """Whose clock the wire's instants are read from, where there is a choice."""
    tls: Any = None
    """An ssl.SSLContext in place of the system's trust; None leaves it."""
    network: Network = NOTHING_SAID
    """How requests get to their targets where the step does not say otherwise."""
    writes_allowed: bool = False
    """Whether `effect: write` may go beyond this machine."""
    marker: Marker | None = None
    """What the shop knows the run's requests by."""
    journalled: bool = False
    """Whether writes are in a journal on disk before they are sent."""
    secret_hosts: MutableMapping[str, tuple[str, tuple[str, ...]]] = {}
    """For each secret that is bound to hosts: its value and the only hosts it may be sent to. Tokens come to it."""
    tokens: "Tokens" = field(default_factory=new_tokens)
    """OAuth2 tokens, shared with the other runs of the process."""
    taints: Taints = {}
    """Which names hold which secrets."""
    short_secrets: Mapping[str, tuple[str, ...]] = {}
    """The hosts of bound secrets that are too short to be found in what is sent."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The wall clock, that cookies expire by."""
    nameservers: tuple[str, ...] = ()
    """Whom to ask for names, each `address` or `address:port`; ("system",) asks the system, () whom it is set up to."""


class Performance:
    """One attempt at a step: what it may know, and the exchanges it leaves even when it is cut short."""

    def __init__(self, scope: Scope, options: Options, write_key: str = "") -> None:
        self.scope = scope
        self.options = options
        self.write_key = write_key
        """Not empty for a step with `effect: write`: its idempotency key, the same through the whole run."""
        self.exchanges: list[Exchange] = []
        self.sent = False
        """Whether a byte of a request may have left: from then on a write has an effect, known or unknown."""
        self.waiting_in = Phase.OTHER
        """The phase the latest exchange ended in: where a time-out struck."""
        self.came = ""
        """The beginning of an answer's text that did not come whole."""
        self.deadline_ns: int | None = None
        """When the attempt's time is over, by the clock of its options."""
        self.awaits_token = False
        """Whether it is a token that is waited for, and not yet an answer."""

    def refused(self) -> None:
        """The latest exchange was refused for want of credentials: its request was not done, and is sent again."""
        self.exchanges[-1] = replace(self.exchanges[-1], role=Role.CHALLENGE)
        self.sent = False

    def keep_secret(self, name: str, value: str, host: str) -> None:
        """Redacted from now on, and sent to no hosts but those it is for: this one is."""
        bound = self.options.secret_hosts
        names = chain((name,), (f"{name} {number}" for number in count(2)))
        known = next(each for each in names if bound.get(each, (value,))[0] == value)
        hosts = bound[known][1] if known in bound else ()
        bound[known] = (value, tuple(dict.fromkeys((*hosts, host))))
        self.scope.derived(name, value)

    def text(self, text: Text) -> str:
        """The rendered text; StepFailure blames the journey when it has no value."""
        try:
            return render_text(text, self.scope)
        except RenderError as error:
            raise script_failure(str(error), error.place, error.hint) from None

    def value(self, value: Value) -> Any:
        try:
            return render_value(value, self.scope)
        except RenderError as error:
            raise script_failure(str(error), error.place, error.hint) from None


def script_failure(message: str, place: Place | None, hint: str = "") -> StepFailure:
    return StepFailure(Failure(Cause.SCRIPT, message, place, hint=hint))


class StepKind(Protocol):
    """A module: `probe/steps/http.py` is one."""

    @property
    def Action(self) -> Any:  # noqa: N802 - it is a type
        """The type of the kind's block in a journey: decoding, schema and docs come from it."""

    @property
    def DESCRIPTION(self) -> str: ...  # noqa: N802 - a constant of the module

    @property
    def SHOWS(self) -> frozenset[Seen]:  # noqa: N802
        """What the kind's observations have for queries to look at."""

    def time_limit(self, action: Any) -> int:
        """Nanoseconds an attempt may take when the step does not say."""

    def open_session(self, options: Options) -> AbstractAsyncContextManager[Any]:
        """What the steps of one run share: opened before the first step of the kind, closed after the last."""

    async def perform(self, action: Any, session: Any, performance: Performance) -> Observation:
        """Does the action once. Raises StepFailure; may be cancelled at any await."""
