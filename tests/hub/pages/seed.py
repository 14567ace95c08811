"""An hour of a small fleet, as records: what the pages are shown with. Now is 2027-01-15 08:00:00 UTC.

us-east-1 and ap-southeast-1 are well; eu-west-1 has had a slow TLS handshake on *browse* for 25 minutes and failed once
on *pay*; the agent of sa-east-1 fell silent 20 minutes ago; an agent lost records, another was down for a few slots.
"""

from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from probe.hub.facts import Store
from probe.model.certificate import Certificate, TlsFacts
from probe.model.instant import datetime_of
from probe.model.place import Place
from probe.model.record import GapRecord, Heartbeat, Record, RunRecord, SlotsRecord
from probe.model.result import (
    Attempt,
    CaptureResult,
    Cause,
    CheckResult,
    Effect,
    EffectState,
    Exchange,
    Failure,
    Health,
    Run,
    Section,
    StepResult,
    Trigger,
    Verdict,
)
from probe.model.served import Edge, ServerTiming
from probe.model.slot import Account, Reason, Slot, SlotState
from probe.model.timing import Clock, Phase
from tests.hub.records import DAY, MINUTE, NOW, SECOND

MS = 1_000_000

HOSTILE = "</title><script>alert(1)</script> ../..?a=%2e#x & “ألف” \u202egnp.exe\n" + "so long a name " * 15
HOSTILE_STEP = "<img src=x onerror=alert(1)> \u202e" + "W" * 260
REGIONS = {"us-east-1": 1.0, "eu-west-1": 1.25, "ap-southeast-1": 2.6, "sa-east-1": 1.9}
SILENT = "sa-east-1"
SLOW = "eu-west-1"
HOSTILE_REGION = "<i>here</i> " + "x" * 150
FAILED_RUN = "checkout-eu-west-1-failed"
ODD_RUN = "../odd?run#1 %2e"

_STEPS = {"browse": (18, 120), "add to cart": (0, 60), "pay": (0, 240), "confirmed": (0, 45)}
"""Milliseconds of TLS and processing."""


def fleet() -> list[Record]:
    return [
        *(record for region in REGIONS for record in _region(region)),
        *_hostile(),
        *_down(),
        GapRecord(
            "gap-1", "ap-southeast-1", "agent-1", "prod", "size", {"hub": 37},
            datetime_of(NOW - 50 * MINUTE), datetime_of(NOW - 44 * MINUTE),
            datetime_of(NOW - 40 * MINUTE),
        ),
    ]  # fmt: skip


def fill(store: Store) -> None:
    """As the agents sent it: each region's records until it was last heard."""
    records = fleet()
    for region, at_ns in heard().items():
        store.append([record for record in records if _region_of(record) == region], now_ns=at_ns)


def heard() -> dict[str, int]:
    """When each region's agent was last heard."""
    return {region: NOW - (20 * MINUTE if region == SILENT else 9 * SECOND) for region in (*REGIONS, HOSTILE_REGION)}


def _region_of(record: Record) -> str:
    return record.run.region if isinstance(record, RunRecord) else record.region


def _region(region: str) -> Iterator[Record]:
    heard_ns, random = heard()[region], Random(region)
    for journey in ("checkout", "search"):
        for index in range((NOW - 60 * MINUTE) // MINUTE, heard_ns // MINUTE):
            down = region == "us-east-1" and NOW // MINUTE - 36 <= index <= NOW // MINUTE - 31
            lost = region == "ap-southeast-1" and NOW // MINUTE - 50 <= index <= NOW // MINUTE - 44
            if not down and not lost:
                yield RunRecord(_run(journey, region, index, random))
    yield _beat(region, heard_ns)


def _down() -> Iterator[SlotsRecord]:
    for journey in ("checkout", "search"):
        first = NOW // MINUTE - 36
        yield SlotsRecord(
            f"down-{journey}", "us-east-1", "agent-1", "prod", journey, MINUTE, 0, first, first + 5, SlotState.MISSED,
            Reason.DOWN, datetime_of(NOW - 30 * MINUTE),
        )  # fmt: skip


def _beat(region: str, heard_ns: int) -> Heartbeat:
    first, end = NOW // MINUTE - 60, heard_ns // MINUTE
    missed = 6 if region == "us-east-1" else 0
    accounts = tuple(
        Account(journey, MINUTE, 0, first, end, end - first - missed, 0, missed, 0, "definition")
        for journey in ("checkout", "search")
    )
    return Heartbeat(
        key=f"beat-{region}",
        region=region,
        agent="agent-1",
        env="prod",
        at=datetime_of(heard_ns),
        every_ns=30 * SECOND,
        probe="0.2.0",
        started_at=datetime_of(NOW - 3600 * SECOND),
        accounts=accounts,
        controls_sound=None if region == SILENT else True,
        spool_records=0 if region != "ap-southeast-1" else 12,
        spool_bytes=48_000,
        dropped=37 if region == "ap-southeast-1" else 0,
        loop_delay_ns=3 * MS,
        notices=("the wall clock was set forward by 2 s",) if region == "us-east-1" else (),
    )


def _run(journey: str, region: str, index: int, random: Random) -> Run:
    at_ns = index * MINUTE + 40 * MS
    if (journey, region, index) == ("checkout", SLOW, NOW // MINUTE - 12):
        return failed_run(at_ns)
    names = _STEPS if journey == "checkout" else {"browse": _STEPS["browse"], "add to cart": _STEPS["add to cart"]}
    steps, started = [], 1 * MS
    for name in names:
        slow = 190 * MS if (region, name) == (SLOW, "browse") and at_ns > NOW - 25 * MINUTE else 0
        steps.append(_step(name, started, REGIONS[region], random, slow))
        started += steps[-1].duration_ns + 2 * MS
    suspect = ("the event loop was late by 212 ms",) if random.random() < 0.02 else ()
    return replace(_empty(journey, region, at_ns), steps=tuple(steps), duration_ns=started, suspect=suspect)


def _empty(journey: str, region: str, at_ns: int, run_id: str = "") -> Run:
    index = at_ns // MINUTE
    return Run(
        run_id=run_id or f"{journey}-{region}-{index}",
        journey=journey,
        file=f"journeys/{journey}.yaml",
        region=region,
        agent="agent-1",
        trigger=Trigger.SCHEDULE,
        started_at=datetime_of(at_ns),
        duration_ns=0,
        verdict=Verdict.PASSED,
        steps=(),
        probe="0.2.0",
        schema=1,
        description="A shopper finds a shirt, puts it in the cart and pays.",
        variables={"shop": "https://shop.example.com", "sku": "TSHIRT-M"},
        env="prod",
        slot=Slot(index, MINUTE, datetime_of(index * MINUTE)),
        definition="4f1c2a9d0b7e6a55",
        health=Health(2 * MS, 40 * MS, 0, 2),
    )


def _phases(name: str, distance: float, random: Random, slow_ns: int) -> dict[Phase, int]:
    tls, processing = _STEPS[name]
    noise = random.lognormvariate(0, 0.12)
    phases = {}
    if tls:
        phases = {
            Phase.RESOLVE: int(4 * MS * noise),
            Phase.CONNECT: int(14 * MS * distance),
            Phase.TLS: int(tls * MS * distance * noise) + slow_ns,
        }
    return {
        **phases,
        Phase.SEND: 300_000,
        Phase.PROCESSING: int(processing * MS * noise + 14 * MS * distance),
        Phase.TRANSFER: int(9 * MS * distance * noise),
        Phase.OTHER: 700_000,
    }


def _step(name: str, started: int, distance: float, random: Random, slow_ns: int = 0) -> StepResult:
    phases = _phases(name, distance, random, slow_ns)
    took = sum(phases.values())
    method = "GET" if name in ("browse", "confirmed") else "POST"
    exchange = Exchange(
        method, f"https://shop.example.com/{name.replace(' ', '-')}", started, took, phases, Clock.USER,
        Phase.TLS not in phases, "203.0.113.7:443", 200, "1.1", 18_432,
    )  # fmt: skip
    held = CheckResult("status", True, "equals 200", "200", _place(30))
    attempt = Attempt(started, took, phases, Verdict.PASSED, (exchange,), (held,))
    return StepResult(name, "http", Verdict.PASSED, _place(30), Section.STEPS, started, took, phases, (attempt,))


def _place(line: int, text: str = '    http: {get: "${shop}/products/${sku}"}', marked: str = "http") -> Place:
    column = text.index(marked) + 1
    return Place("journeys/checkout.yaml", line, column, column + len(marked), text)


CHECK_AT = _place(49, "      - {jsonpath: $.status, equals: paid}", "equals: paid")
DECLINED = Failure(
    Cause.CHECK,
    'jsonpath $.status: expected equals "paid", got "declined"',
    CHECK_AT,
    'equals "paid"',
    '"declined"',
    "the shop answered 200 and declined: look at the payment provider",
)


def failed_run(at_ns: int = NOW - 12 * MINUTE) -> Run:
    """A redirect, a poll with three attempts, a failing check, a soft one, a write left behind, and skipped steps."""
    random = Random(1)
    browse = _redirected(_step("browse", 1 * MS, 1.25, random, 190 * MS))
    stock = _polled(_step("add to cart", 460 * MS, 1.25, random))
    pay = _declined(_step("pay", 1100 * MS, 1.25, random))
    skipped = StepResult("confirmed", "http", Verdict.SKIPPED, _place(60), skipped="a step before it did not pass")
    leave = replace(_step("confirmed", 1500 * MS, 1.25, random), name="log out", section=Section.ALWAYS)
    return replace(
        _empty("checkout", SLOW, at_ns, FAILED_RUN),
        steps=(browse, stock, pay, skipped, leave),
        duration_ns=1600 * MS,
        verdict=Verdict.FAILED,
        failure=DECLINED,
        effects=(Effect("pay", EffectState.UNKNOWN, undoable=True, key="checkout-2027-01-15-pay-7d9e1c0a"),),
        suspect=("the event loop was late by 212 ms",),
        health=Health(212 * MS, 40 * MS, 15 * MS, 7),
    )


def _redirected(step: StepResult) -> StepResult:
    (attempt,) = step.attempts
    last = attempt.exchanges[0]
    hop = replace(
        last, url="https://shop.example.com/", status=302, duration_ns=80 * MS, phases={Phase.PROCESSING: 80 * MS}
    )
    later = replace(last, started_ns=last.started_ns + 81 * MS, reused=True)
    return replace(
        step, attempts=(replace(attempt, exchanges=(hop, later), captures=(CaptureResult("csrf", "c5f0…1e"),)),)
    )  # fmt: skip


def _polled(step: StepResult) -> StepResult:
    (attempt,) = step.attempts
    tries = [
        replace(
            attempt,
            started_ns=attempt.started_ns + turn * 180 * MS,
            exchanges=tuple(replace(one, started_ns=one.started_ns + turn * 180 * MS) for one in attempt.exchanges),
            verdict=Verdict.PASSED if turn == 2 else Verdict.FAILED,
            failure=None if turn == 2 else Failure(Cause.CHECK, "in_stock: expected equals true, got false"),
        )
        for turn in range(3)
    ]
    return replace(step, attempts=tuple(tries), time_to_pass_ns=450 * MS, flaky=True)


def _declined(step: StepResult) -> StepResult:
    (attempt,) = step.attempts
    checks = (
        CheckResult("status", True, "equals 200", "200", _place(48)),
        CheckResult("jsonpath $.status", False, 'equals "paid"', '"declined"', CHECK_AT),
        CheckResult("phase processing", False, "below 200ms", "261 ms", _place(50), soft=True),
    )
    missing = CaptureResult("order", failure=Failure(Cause.CAPTURE, "jsonpath $.order.id found nothing"))
    exchange = replace(
        attempt.exchanges[0],
        min_rtt_ns=19 * MS,
        server_timing=(ServerTiming("db", 151 * MS, "orders"), ServerTiming("cache", None, "miss")),
        edge=Edge("Cloudflare", "FRA", "DYNAMIC", "8f1b2c3d4e5f6a7b-FRA"),
        wire_received_bytes=19_004,
        sent_bytes=612,
        retransmits=1,
    )
    broken = replace(
        attempt,
        exchanges=(exchange,),
        verdict=Verdict.FAILED,
        checks=checks,
        captures=(missing,),
        failure=DECLINED,
        body='{"status": "declined", "reason": "<script>alert(1)</script>"}',
    )
    return replace(step, verdict=Verdict.FAILED, failure=DECLINED, attempts=(broken,))


TRAP = "<img src=x onerror=alert(3)>\u202e" + "W" * 300


def _told(step: StepResult, words: str) -> StepResult:
    """With everything a server can say of itself."""
    (attempt,) = step.attempts
    ends = datetime_of(NOW + 3 * DAY)
    exchange = replace(
        attempt.exchanges[0],
        resolver=words,
        tls=TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", words, (Certificate(words, words, ends, ends, (words,)),)),
        sent_bytes=412,
        wire_received_bytes=23_456,
        body_bytes=70_000,
        min_rtt_ns=12 * MS,
        retransmits=2,
        server_timing=tuple(ServerTiming("w" * 64, 10**21, words) for _ in range(32)),
        edge=Edge("CloudFront", words, words, words),
    )
    return replace(step, attempts=(replace(attempt, exchanges=(exchange,)),))


def _hostile() -> Iterator[Record]:
    """A journey that three regions run every five minutes, all of whose names are traps."""
    for region in ("us-east-1", SLOW, HOSTILE_REGION):
        random = Random(region)
        for turn in range(12):
            at_ns = NOW - turn * 5 * MINUTE - MINUTE
            step = replace(_told(_step("browse", 1 * MS, 1, random), TRAP), name=HOSTILE_STEP)
            run_id = ODD_RUN if (turn, region) == (0, SLOW) else f"hostile-{region}-{turn}"
            slot = Slot(at_ns // (5 * MINUTE), 5 * MINUTE, datetime_of(at_ns))
            yield RunRecord(
                replace(
                    _empty(HOSTILE, region, at_ns, run_id),
                    steps=(step,),
                    duration_ns=step.duration_ns + 2 * MS,
                    slot=slot,
                    env="<b>stage</b>",
                    description="<script>alert(2)</script>",
                )
            )
