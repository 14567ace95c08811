"""What crosses the seam between the spool and an exporter."""

from enum import StrEnum

from msgspec import Struct


class Batch(Struct, frozen=True):
    """Records in order, frozen: once it was tried it is sent again byte for byte, or not at all.

    `lines` are encoded records (`probe.model.record`) without newlines; `first` and `last` are their numbers in the
    spool.
    """

    exporter: str
    first: int
    last: int
    lines: tuple[bytes, ...]


class Result(StrEnum):
    ACKED = "acked"
    """The other side has all of it, durably."""
    RETRY = "retry"
    """Not now: send the same again, after a pause."""
    REJECTED = "rejected"
    """Never: the other side understood and will not have it. A batch of several is split to find the culprit."""
    PAUSED = "paused"
    """Not to be had until a person puts something right (a token, an address): keep everything, ask now and then."""


class Outcome(Struct, frozen=True):
    result: Result
    reason: str = ""
    """For a log line and the status page: what the other side said."""
    after_ns: int | None = None
    """How long the other side asked to be left alone (Retry-After)."""
    refused: tuple[str, ...] = ()
    """Keys of records of an acked batch that the other side will not keep: lost, and to be counted so."""
    seen_from: str = ""
    """The address the other side saw the batch come from, when it says so."""
    stop_writes: str | None = None
    """Why no agent may write, as the other side has it: empty when all may, None when it does not say."""


ACKED = Outcome(Result.ACKED)
