from datetime import timedelta

import pytest
from msgspec.structs import replace

from probe.hub.pages.figure import Segment, Tick
from probe.hub.pages.sign import RUN_SIGNS
from probe.hub.pages.waterfall import Line, exact, waterfall
from probe.model.certificate import Certificate, TlsFacts
from probe.model.result import Attempt, Verdict
from probe.model.timing import Phase
from tests.export.sample import BROWSE, CONFIRMED, FAILED, LOG_OUT, MS, PASSED
from tests.hub.pages.seed import failed_run


def test_a_step_with_one_exchange_is_one_line() -> None:
    found = waterfall(replace(PASSED, duration_ns=400 * MS))
    assert found.ticks == (
        Tick(0, "0"),
        Tick(25, "100 ms"),
        Tick(50, "200 ms"),
        Tick(75, "300 ms"),
        Tick(100, "400 ms"),
    )
    assert found.phases == tuple(Phase)
    (line,) = found.lines
    assert replace(line, segments=line.segments[:2]) == Line(
        level=0,
        sign=RUN_SIGNS["passed"],
        label="browse",
        details=("GET http://127.0.0.1:8321/products/TSHIRT-M → 200", "new connection", "user clock"),
        segments=(
            Segment("resolve", 0, 2.5, "resolve 10.000000 ms: from 0.000000 ms to 10.000000 ms"),
            Segment("connect", 2.5, 5, "connect 20.000000 ms: from 10.000000 ms to 30.000000 ms"),
        ),
        duration="200 ms",
        exact="from 0.000000 ms to 200.000000 ms",
    )


def test_an_exchange_says_what_is_known_of_it() -> None:
    (attempt,) = BROWSE.attempts
    ends = PASSED.started_at + timedelta(days=90)
    tls = TlsFacts("TLSv1.3", "AES", "", (Certificate("shop", "An Authority", PASSED.started_at, ends),))
    known = replace(attempt.exchanges[0], tls=tls, wire_received_bytes=1639, received_bytes=157, min_rtt_ns=20 * MS)
    step = replace(BROWSE, attempts=(replace(attempt, exchanges=(known,)),))
    (line,) = waterfall(replace(PASSED, steps=(step,))).lines
    assert line.details[3:] == (
        "TLSv1.3 AES",
        "certificate ends on 2026-05-01, in 90 days: shop, issued by An Authority",
        "157 bytes (1 639 on the wire)",
        "about 20.0 ms of processing is the round trip, 80.0 ms the server",
    )


def test_a_skipped_step_says_why_and_draws_nothing() -> None:
    line = waterfall(replace(FAILED, steps=(CONFIRMED,))).lines[0]
    assert (line.sign, line.details, line.segments, line.duration) == (
        RUN_SIGNS["skipped"],
        ("skipped: a step before it did not pass",),
        (),
        "",
    )


def test_a_step_without_exchanges_shows_its_own_phases_where_it_stands() -> None:
    step = replace(LOG_OUT, attempts=(Attempt(310 * MS, 50 * MS, LOG_OUT.phases, Verdict.PASSED),))
    line = waterfall(replace(FAILED, steps=(step,), duration_ns=620 * MS)).lines[0]
    assert (line.details, [(part.kind, part.x) for part in line.segments]) == (("always", "http"), [("processing", 50)])


def test_redirects_and_attempts_have_lines_of_their_own_within_a_frame() -> None:
    found = waterfall(failed_run()).lines
    assert [(line.level, line.label.split(" → ")[0], [part.kind for part in line.segments][:1]) for line in found] == [
        (0, "browse", ["frame"]),
        (1, "GET https://shop.example.com/", ["processing"]),
        (1, "GET https://shop.example.com/browse", ["resolve"]),
        (0, "add to cart", ["frame"]),
        (1, "attempt 1", ["send"]),
        (1, "attempt 2", ["send"]),
        (1, "attempt 3", ["send"]),
        (0, "pay", ["send"]),
        (0, "confirmed", []),
        (0, "log out", ["send"]),
    ]
    assert [(part.x, part.width) for part in found[3].segments] == [(28.75, 28.102)]
    assert found[3].details == ("http", "3 attempts", "passed after 450 ms", "flaky: it passed on a later attempt")
    assert (found[4].failure, found[6].failure) == ("in_stock: expected equals true, got false", "")


def test_an_attempt_with_a_redirect_frames_its_exchanges() -> None:
    (attempt,) = BROWSE.attempts
    twice = replace(attempt, exchanges=attempt.exchanges * 2)
    lines = waterfall(replace(PASSED, steps=(replace(BROWSE, attempts=(attempt, twice)),))).lines
    assert [(line.level, line.segments[0].kind) for line in lines] == [
        (0, "frame"),
        (1, "resolve"),
        (1, "frame"),
        (2, "resolve"),
        (2, "resolve"),
    ]


def test_nothing_reaches_beyond_the_run() -> None:
    parts = [part for line in waterfall(failed_run()).lines for part in line.segments]
    assert all(part.x >= 0 and part.x + part.width <= 100.001 for part in parts)


@pytest.mark.parametrize(
    ("nanoseconds", "text"), [(0, "0.000000 ms"), (1, "0.000001 ms"), (1_234_567_891, "1234.567891 ms")]
)
def test_times_are_exact_to_the_nanosecond(nanoseconds: int, text: str) -> None:
    assert exact(nanoseconds) == text
