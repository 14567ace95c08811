"""Records as rows of `hub.db`, and rows as facts."""

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from probe.compare.result import Sample, StepSample
from probe.hub.facts import RunLine
from probe.model.codec import decode_run, encode_run
from probe.model.instant import nanoseconds_of
from probe.model.plain import plain_reason
from probe.model.record import SlotsRecord
from probe.model.result import Run, Section, Verdict

RUN_COLUMNS = (
    "series, at_ns, record, run_id, slot, every_ns, trigger, verdict, cause, failed_step, definition, duration_ns,"
    " suspect, steps, reason"
)
LINE_COLUMNS = (
    "r.run_id, s.region, s.agent, s.journey, r.at_ns, r.slot, r.trigger, r.verdict, r.cause, r.duration_ns,"
    " r.suspect, r.failed_step, r.reason"
)
SAMPLE_COLUMNS = (
    "r.slot, r.every_ns, r.at_ns, r.verdict, r.cause, r.definition, r.suspect, r.duration_ns, r.steps, r.failed_step,"
    " r.reason"
)

_FAST = 1
_steps_encoder = msgspec.msgpack.Encoder()
_steps_decoder = msgspec.msgpack.Decoder(dict[str, StepSample])


class SeriesKey(Struct, frozen=True):
    env: str
    journey: str
    region: str
    agent: str


def series_of(record: Run | SlotsRecord) -> SeriesKey:
    return SeriesKey(record.env, record.journey, record.region, record.agent)


def pack_run(run: Run) -> bytes:
    return zlib.compress(encode_run(run), _FAST)


def unpack_run(body: bytes) -> Run:
    return decode_run(zlib.decompress(body))


def run_figures(run: Run) -> tuple[Any, ...]:
    """The columns of `RUN_COLUMNS` from `run_id` on, with `at_ns` before them."""
    steps = {
        step.name: StepSample(step.duration_ns, step.phases)
        for step in run.steps
        if step.section is Section.STEPS and step.verdict is Verdict.PASSED
    }
    bad = next((step.name for step in run.steps if step.verdict in (Verdict.FAILED, Verdict.ERRORED)), "")
    return (
        nanoseconds_of(run.started_at),
        run.run_id,
        run.slot.index if run.slot else None,
        run.slot.every_ns if run.slot else None,
        run.trigger,
        run.verdict,
        run.failure.cause if run.failure else "",
        bad,
        run.definition,
        run.duration_ns,
        bool(run.suspect),
        _steps_encoder.encode(steps),
        plain_reason(run.failure) if run.failure else "",
    )


def line_of(row: Sequence[Any]) -> RunLine:
    run_id, region, agent, journey, at_ns, slot, trigger, verdict, cause, duration_ns, suspect, *words = row
    failed_step, reason = words
    return RunLine(
        run_id=run_id,
        region=region,
        agent=agent,
        journey=journey,
        at_ns=at_ns,
        slot=slot,
        trigger=trigger,
        verdict=verdict,
        cause=cause,
        duration_ns=duration_ns,
        suspect=bool(suspect),
        failed_step=failed_step,
        reason=reason,
    )


def sample_of(row: Sequence[Any]) -> Sample:
    slot, every_ns, at_ns, verdict, cause, definition, suspect, duration_ns, packed, failed_step, reason = row
    steps = _steps_decoder.decode(packed)
    return Sample(
        slot, every_ns, at_ns, verdict, cause, definition, bool(suspect), duration_ns, steps, failed_step, reason
    )


def due_instants(record: SlotsRecord) -> tuple[int, int]:
    """When the first and the last of the slots were due."""
    return (
        record.first * record.every_ns + record.offset_ns,
        record.last * record.every_ns + record.offset_ns,
    )
