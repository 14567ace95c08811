from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from probe.model.certificate import Certificate, TlsFacts
from probe.model.codec import decode_run, encode_run
from probe.model.place import Place
from probe.model.result import (
    SCHEMA,
    Attempt,
    CaptureResult,
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
from probe.model.served import Edge, ServerTiming
from probe.model.timing import Clock, Phase

AT = Place("a.yaml", 3, 5, 9, "    status: 200")
FAILURE = Failure(Cause.STATUS, "status: expected 200, got 500", AT, "200", "500", "look at the shop")
EXCHANGE = Exchange(
    "GET", "http://x/", 1, 20, {Phase.SEND: 5, Phase.OTHER: 15}, Clock.USER, reused=True, status=500, failure=FAILURE
)
ATTEMPT = Attempt(
    started_ns=1,
    duration_ns=20,
    phases={Phase.SEND: 5, Phase.OTHER: 15},
    verdict=Verdict.FAILED,
    exchanges=(EXCHANGE,),
    checks=(CheckResult("status", False, "200", "500", AT, hint="x"),),
    captures=(CaptureResult("order", {"a": [1, None]}),),
    failure=FAILURE,
    body="Oops",
)
STEP = StepResult("pay", "http", Verdict.FAILED, AT, Section.STEPS, 1, 20, {Phase.OTHER: 20}, (ATTEMPT,), 7, FAILURE)
RUN = Run(
    run_id="r1",
    journey="checkout",
    file="a.yaml",
    region="eu-west-1",
    agent="a1",
    trigger=Trigger.MANUAL,
    started_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
    duration_ns=20,
    verdict=Verdict.FAILED,
    steps=(STEP,),
    probe="0.1.0",
    schema=SCHEMA,
    tags=("money",),
    variables={"shop": "http://x", "limit": 1.5},
    effects=(Effect("pay", EffectState.UNKNOWN, True, "key"),),
    failure=FAILURE,
)


def test_a_run_reads_back_as_itself() -> None:
    assert decode_run(encode_run(RUN)) == RUN


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**62))
def test_any_text_and_any_duration_read_back(text: str, nanoseconds: int) -> None:
    run = replace(RUN, description=text, duration_ns=nanoseconds, variables={text: text})
    assert decode_run(encode_run(run)) == run


def test_a_record_of_before_a_field_came_and_one_of_after_are_read() -> None:
    old = encode_run(RUN)
    assert b'"tls"' not in old
    assert decode_run(old.replace(b'{"method"', b'{"a field of tomorrow":{"a":[1]},"method"')) == RUN


def test_what_is_told_of_an_exchange_reads_back() -> None:
    at = datetime(2026, 1, 31, tzinfo=UTC)
    tls = TlsFacts(
        "TLSv1.3", "TLS_AES_256_GCM_SHA384", "http/1.1", (Certificate("shop", "CA", at, at, ("shop",), "1F"),)
    )
    timing = (ServerTiming("db", 53), ServerTiming("cache", None, "hit"))
    told = replace(EXCHANGE, tls=tls, server_timing=timing, edge=Edge("Cloudflare", "FRA"), resolver="hosts")
    step = replace(STEP, attempts=(replace(ATTEMPT, exchanges=(told,)),))
    assert decode_run(encode_run(replace(RUN, steps=(step,)))).steps == (step,)


def test_a_record_is_one_line() -> None:
    assert b"\n" not in encode_run(replace(RUN, description="two\nlines"))


@pytest.mark.parametrize("schema", [SCHEMA - 1, SCHEMA + 1])
def test_one_version_either_side_is_read(schema: int) -> None:
    assert decode_run(encode_run(replace(RUN, schema=schema))).schema == schema


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `run_id`"),
        (encode_run(replace(RUN, schema=SCHEMA + 2)), f"has schema {SCHEMA + 2}; schemas {SCHEMA - 1} to {SCHEMA + 1}"),
        (encode_run(RUN).replace(b'"failed"', b'"broken"'), "Invalid enum value 'broken'"),
    ],
)
def test_what_is_no_run_is_a_value_error_that_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_run(data)
