from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from probe.model.record import GapRecord, Heartbeat, Record, RunRecord, SlotsRecord, decode_record, encode_record
from probe.model.result import SCHEMA, Run, Trigger, Verdict
from probe.model.slot import Account, Reason, SlotState

NOW = datetime(2026, 11, 2, 12, 30, 15, 123456, tzinfo=UTC)
RUN = Run("id", "browse", "a.yaml", "here", "me", Trigger.SCHEDULE, NOW, 5, Verdict.PASSED, (), "0.1.0", SCHEMA)
RECORDS: list[Record] = [
    RunRecord(RUN),
    SlotsRecord("k1", "here", "me", "prod", "browse", 60, 5, 1, 9, SlotState.MISSED, Reason.DOWN, NOW),
    GapRecord("k2", "here", "me", "prod", "size", {"hub": 3}, NOW, NOW, NOW),
    Heartbeat("k3", "here", "me", "prod", NOW, 10**10, "0", NOW, (Account("browse", 60, 5, 1, 2, 1, 0, 0, 0),), True),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__struct_config__.tag)
def test_a_record_is_one_line_and_comes_back_as_it_was(record: Record) -> None:
    line = encode_record(record)
    assert b"\n" not in line
    assert decode_record(line) == record


def test_every_record_has_a_key_and_an_instant() -> None:
    assert [(record.key, record.at) for record in RECORDS] == [("id", NOW), ("k1", NOW), ("k2", NOW), ("k3", NOW)]


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b'{"kind":"other"}', b'{"kind":"gap"}', encode_record(RECORDS[1])[:-1], b"\xff"]
)
def test_anything_else_is_no_record(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode_record(line)


def test_a_run_may_be_a_version_ahead_or_behind_but_not_two() -> None:
    def line(schema: int) -> bytes:
        return encode_record(RunRecord(replace(RUN, schema=schema)))

    assert {isinstance(decode_record(line(SCHEMA + step)), RunRecord) for step in (-1, 0, 1)} == {True}
    with pytest.raises(ValueError, match=f"this Run record has schema {SCHEMA + 2}; 0 to 2 can be read"):
        decode_record(line(SCHEMA + 2))


def test_fields_that_a_newer_version_adds_are_passed_over() -> None:
    line = msgspec.json.encode({**msgspec.json.decode(encode_record(RECORDS[2])), "new": 1})
    assert decode_record(line) == RECORDS[2]
