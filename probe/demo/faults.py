from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final, Literal, Self, TypeVar

from probe.demo import rule

T = TypeVar("T")


def _knob(default: T, must_be: rule.Rule) -> T:
    knob: T = field(default=default, metadata={"rule": must_be})
    return knob


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What the shop does wrong. As constructed, nothing."""

    tls_delay: float = _knob(0.0, rule.SECONDS)  # from the TCP handshake to the server's side of the TLS handshake
    header_delay: float = _knob(0.0, rule.SECONDS)  # after acting, before the response's headers
    chunk_delay: float = _knob(0.0, rule.SECONDS)  # between two pieces of a body
    chunks: int = _knob(4, rule.COUNT)  # how many pieces chunk_delay makes of a body
    error_rate: float = _knob(0.0, rule.SHARE)  # this share of requests is answered error_status instead of acting
    error_status: int = _knob(503, rule.STATUS)
    status: int | None = _knob(None, rule.STATUS_OR_NULL)  # acts as usual, answers with this status
    reset: Literal["before", "after"] | None = _knob(None, rule.RESET)  # a TCP reset, before or after acting
    truncate: bool = _knob(False, rule.SWITCH)  # announces the whole body, sends half of it and closes
    challenge: bool = _knob(False, rule.SWITCH)  # a bot challenge instead of the shop
    out_of_stock: bool = _knob(False, rule.SWITCH)  # nothing can be put into a cart
    declined: bool = _knob(False, rule.SWITCH)  # no card is accepted
    rejected: bool = _knob(False, rule.SWITCH)  # a new order ends as rejected instead of confirmed
    confirm_after: float = _knob(0.3, rule.SECONDS)  # how long a new order stays pending
    path: str = _knob("", rule.PREFIX)  # only requests below this path suffer; tls_delay comes before any path
    seed: int = _knob(0, rule.INTEGER)  # of the dice behind error_rate

    def __post_init__(self) -> None:
        for knob in fields(self):
            knob.metadata["rule"].check(knob.name, getattr(self, knob.name))

    @classmethod
    def from_json(cls, settings: Any) -> Self:
        """Knobs that are not named are off; a ValueError says which one is wrong and how."""
        rule.OBJECT.check("faults", settings)
        for name in settings:
            _expect_knob(name, [knob.name for knob in fields(cls)])
        return cls(**settings)

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def on(self, path: str) -> "Faults":
        return self if path.startswith(self.path) else NO_FAULTS


NO_FAULTS: Final = Faults()


def _expect_knob(name: str, known: list[str]) -> None:
    if name in known:
        return
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    raise ValueError(f"{name}: no such fault; {hint}")
