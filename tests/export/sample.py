"""Runs with known times: what the exporters are shown."""

from datetime import UTC, datetime

from msgspec.structs import replace

from probe.model.place import Place
from probe.model.result import (
    Attempt,
    Cause,
    CheckResult,
    Effect,
    EffectState,
    Exchange,
    Failure,
    Run,
    Section,
    StepResult,
    Trigger,
    Verdict,
)
from probe.model.timing import Phase

MS = 1_000_000

FRESH = {
    Phase.RESOLVE: 10 * MS,
    Phase.CONNECT: 20 * MS,
    Phase.TLS: 30 * MS,
    Phase.SEND: 1 * MS,
    Phase.PROCESSING: 100 * MS,
    Phase.TRANSFER: 30 * MS,
    Phase.OTHER: 9 * MS,
}
REUSED = {Phase.SEND: 1 * MS, Phase.PROCESSING: 60 * MS, Phase.TRANSFER: 20 * MS, Phase.OTHER: 9 * MS}


def place(line: int, text: str, marked: str) -> Place:
    column = text.index(marked) + 1
    return Place("journeys/checkout.yaml", line, column, column + len(marked), text)


BROWSE_AT = place(30, '    http: {get: "${shop}/products/${sku}"}', "http")
PAY_AT = place(45, '    http: {post: "${shop}/pay", json: {card: "${card}"}}', "http")
CHECK_AT = place(49, "      - {jsonpath: $.status, equals: paid}", "equals: paid")

DECLINED = Failure(
    Cause.CHECK,
    'jsonpath $.status: expected equals "paid", got "declined"',
    CHECK_AT,
    'equals "paid"',
    '"declined"',
    "look at the card",
)


def exchange(method: str, path: str, phases: dict[Phase, int], status: int | None) -> Exchange:
    return Exchange(method, f"http://127.0.0.1:8321{path}", 0, sum(phases.values()), phases, status=status)


BROWSE = StepResult(
    name="browse",
    kind="http",
    verdict=Verdict.PASSED,
    place=BROWSE_AT,
    duration_ns=200 * MS,
    phases=FRESH,
    attempts=(Attempt(0, 200 * MS, FRESH, Verdict.PASSED, (exchange("GET", "/products/TSHIRT-M", FRESH, 200),)),),
)
PAY = StepResult(
    name="pay",
    kind="http",
    verdict=Verdict.FAILED,
    place=PAY_AT,
    started_ns=210 * MS,
    duration_ns=90 * MS,
    phases=REUSED,
    failure=DECLINED,
    attempts=(
        Attempt(
            210 * MS,
            90 * MS,
            REUSED,
            Verdict.FAILED,
            (exchange("POST", "/pay", REUSED, 200),),
            (CheckResult("jsonpath $.status", False, 'equals "paid"', '"declined"', CHECK_AT),),
            failure=DECLINED,
            body='{"status": "declined"}\x1b[2J',
        ),
    ),
)
CONFIRMED = StepResult("confirmed", "http", Verdict.SKIPPED, PAY_AT, skipped="a step before it did not pass")
LOG_OUT = StepResult(
    "log out", "http", Verdict.PASSED, PAY_AT, Section.ALWAYS, 310 * MS, 50 * MS, {Phase.PROCESSING: 50 * MS}
)

PASSED = Run(
    run_id="7d9e1c0a-0000-4000-8000-000000000001",
    journey="checkout",
    file="journeys/checkout.yaml",
    region="eu-west-1",
    agent="agent-1",
    trigger=Trigger.MANUAL,
    started_at=datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC),
    duration_ns=1500 * MS,
    verdict=Verdict.PASSED,
    steps=(BROWSE,),
    probe="0.1.0",
    schema=1,
    description="A shopper finds a shirt.",
    variables={"shop": "http://127.0.0.1:8321"},
)
FAILED = replace(
    PASSED,
    verdict=Verdict.FAILED,
    steps=(BROWSE, PAY, CONFIRMED, LOG_OUT),
    failure=DECLINED,
    effects=(Effect("pay", EffectState.UNKNOWN, undoable=True, key="key-1"),),
)
NOT_STARTED = replace(
    PASSED,
    verdict=Verdict.ERRORED,
    steps=(replace(CONFIRMED, name="browse", skipped="the run could not start"),),
    failure=Failure(Cause.SCRIPT, "the secret card has no value", hint="export TEST_CARD=…"),
)
