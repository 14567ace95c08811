"""What travels from an agent through its spool to the centre, one JSON line each.

Every record has a `key` that names it once and for ever: whoever gets it twice keeps one.
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from probe.model.result import SCHEMA, Run, Timekeeping
from probe.model.slot import Account, Reason, SlotState


class RunRecord(Struct, frozen=True, tag_field="kind", tag="run"):
    """A finished run."""

    run: Run

    @property
    def key(self) -> str:
        return self.run.run_id

    @property
    def at(self) -> datetime:
        return self.run.started_at


class SlotsRecord(Struct, frozen=True, tag_field="kind", tag="slots", omit_defaults=True):
    """Slots in a row, `first` to `last` (inclusive), in which no run took place. `at` is when that was decided."""

    key: str
    region: str
    agent: str
    env: str
    journey: str
    every_ns: int
    offset_ns: int
    first: int
    last: int
    state: SlotState
    reason: Reason
    at: datetime


class GapRecord(Struct, frozen=True, tag_field="kind", tag="gap", omit_defaults=True):
    """Records that the agent had and lost before the centre got them: `lost` counts them by exporter.

    `reason` is `size` or `age` (the spool's bounds), `rejected` (the exporter's other side refused them for good) or
    `disk` (they could not be written). `since` and `until` are the instants of the first and last lost record.
    """

    key: str
    region: str
    agent: str
    env: str
    reason: str
    lost: dict[str, int]
    since: datetime
    until: datetime
    at: datetime


class Heartbeat(Struct, frozen=True, tag_field="kind", tag="beat", omit_defaults=True):
    """The agent lives: its ledger as it was at `at`, and what it knows of itself.

    `controls_sound` is None while nothing is known; `every_ns` is when the next heartbeat is due.
    """

    key: str
    region: str
    agent: str
    env: str
    at: datetime
    every_ns: int
    probe: str
    started_at: datetime
    accounts: tuple[Account, ...] = ()
    controls_sound: bool | None = None
    spool_records: int = 0
    spool_bytes: int = 0
    dropped: int = 0
    loop_delay_ns: int = 0
    """The worst since the heartbeat before."""
    notices: tuple[str, ...] = ()
    """What a person should know: a configuration that could not be reloaded, a clock that was set."""
    timekeeping: Timekeeping | None = None


Record = RunRecord | SlotsRecord | GapRecord | Heartbeat

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """One line without its newline."""
    return _encoder.encode(record)


def decode_record(line: bytes) -> Record:
    """The record in a line; ValueError says why it is none, or of which schema its run is."""
    record = _decoder.decode(line)
    if isinstance(record, RunRecord) and abs(record.run.schema - SCHEMA) > 1:
        raise ValueError(f"this Run record has schema {record.run.schema}; {SCHEMA - 1} to {SCHEMA + 1} can be read")
    return record
