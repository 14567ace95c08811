"""An agent's status with everything in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from probe.model.certificate import Certificate, TlsFacts
from probe.model.result import Cause, Effect, EffectState, Timekeeping, Trigger, Verdict
from probe.model.slot import Account
from probe.model.status import (
    AgentStatus,
    ControlStatus,
    ExporterStatus,
    JourneyStatus,
    RunCount,
    SlotCount,
)
from tests.export import sample

NOW = datetime(2026, 1, 31, 12, 5, 0, tzinfo=UTC)
MINUTE = 60_000_000_000
PASSED, FAILED = Verdict.PASSED, Verdict.FAILED

_SHOWN = Certificate("shop.example", "An Authority", NOW - timedelta(days=80), NOW + timedelta(days=10))
_AUTHORITY = Certificate("An Authority", "A Root", NOW - timedelta(days=800), NOW + timedelta(days=365))
SECURED = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", (_SHOWN, _AUTHORITY))
_BROWSE = replace(sample.BROWSE.attempts[0], exchanges=(replace(sample.BROWSE.attempts[0].exchanges[0], tls=SECURED),))

CHECKOUT = replace(
    sample.FAILED,
    env="production",
    trigger=Trigger.SCHEDULE,
    effects=(Effect("pay", EffectState.UNKNOWN, undoable=True, key="key-1"),),
)
SEARCH = replace(
    sample.PASSED,
    journey="search",
    env="production",
    trigger=Trigger.SCHEDULE,
    suspect=("the agent's event loop was late by 80 ms",),
    steps=(replace(sample.BROWSE, attempts=(_BROWSE,)),),
)


def account(journey: str, **more: Any) -> Account:
    counts: dict[str, Any] = {"first": 100, "next": 160, "ran": 55, "skipped": 3, "missed": 1, "running": 1, **more}
    return Account(journey, MINUTE, 0, **counts)


AGENT = AgentStatus(
    region="eu-west-1",
    agent="agent-1",
    env="production",
    probe="0.1.0",
    started_at=NOW - timedelta(hours=3),
    now=NOW,
    ready=True,
    why_not_ready="",
    journeys=(
        JourneyStatus("checkout", account("checkout"), NOW + timedelta(seconds=42), True, CHECKOUT, expected=160),
        JourneyStatus("search", account("search", running=0, ran=56), NOW, last=SEARCH, expected=60),
        JourneyStatus("browse", account("browse", first=0, next=0, ran=0, skipped=0, missed=0, running=0), NOW),
        JourneyStatus("legacy", None, disabled=True),
    ),
    exporters=(
        ExporterStatus(
            "hub",
            "retrying",
            records=12,
            bytes=34_567,
            oldest=NOW - timedelta(minutes=4),
            delivered=170,
            retries=3,
            dropped={"age": 2},
            reason="503 Service Unavailable",
            delivered_at=NOW - timedelta(minutes=5),
        ),
        ExporterStatus("jsonl", "waiting", delivered=182, delivered_at=NOW - timedelta(seconds=2)),
    ),
    controls=(
        ControlStatus("1.1.1.1:53", sound=True),
        ControlStatus("https://example.com", sound=False, message="Connection refused"),
    ),
    controls_sound=True,
    runs=(
        RunCount("checkout", PASSED, None, Trigger.SCHEDULE, 50),
        RunCount("checkout", FAILED, Cause.CHECK, Trigger.SCHEDULE, 5),
        RunCount("search", PASSED, None, Trigger.SCHEDULE, 56),
        RunCount("removed", PASSED, None, Trigger.SCHEDULE, 7),
    ),
    slots=(
        SlotCount("checkout", "ran", "", 154),
        SlotCount("checkout", "ran", "killed", 1),
        SlotCount("checkout", "skipped", "overlap", 3),
        SlotCount("checkout", "missed", "down", 1),
        SlotCount("search", "ran", "", 56),
        SlotCount("search", "skipped", "capacity", 3),
        SlotCount("search", "missed", "late", 1),
        SlotCount("removed", "ran", "", 7),
    ),
    in_flight=1,
    queued=0,
    concurrency=10,
    loop_delay_ns=4_500_000,
    loop_delay_seconds_total=1.25,
    queue_seconds_total=0.5,
    suspect_runs=1,
    spool_records=12,
    spool_bytes=34_567,
    spool_limit_bytes=268_435_456,
    unwritten=0,
    effects_open=1,
    effects_leaked=0,
    writes_stopped="",
    reloads=2,
    reload_failures=1,
    reloaded_at=NOW - timedelta(hours=1),
    notices=("the configuration was not reloaded: 2 mistakes in files",),
    gc_seconds_total=0.75,
    gc_worst_ns=2_500_000,
    throttled_seconds_total=1.5,
    timekeeping=Timekeeping(synchronised=True, offset_ns=-25_000, error_ns=1_200_000),
    egress=("8.8.4.4", "2001:4860::1"),
)

WELL = replace(AGENT, journeys=AGENT.journeys[1:2], exporters=AGENT.exporters[1:], notices=())
