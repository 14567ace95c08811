from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from probe.export.console import View, report, summary
from probe.model.certificate import Certificate, TlsFacts
from probe.model.result import Cause, Failure, Run, StepResult, Verdict
from probe.model.served import Edge, ServerTiming
from probe.model.timing import Phase
from tests.export.sample import BROWSE, FAILED, MS, NOT_STARTED, PASSED, PAY

FAILED_REPORT = """\
✗ failed  checkout  1.50 s  in pay: jsonpath $.status: expected equals "paid"
  A shopper finds a shirt.
  journeys/checkout.yaml · region eu-west-1 · shop http://127.0.0.1:8321

  ✓ browse             200 ms  rcccttttsppppppppppppppxxxx·  processing 50 %
  ✗ pay               90.0 ms  pppppppppxx··                 processing 67 %
  – confirmed        skipped: a step before it did not pass
  ✓ always: log out   50.0 ms  ppppppp                       processing 100 %
    r resolve  c connect  t tls  s send  p processing  x transfer  · other

✗ checkout › pay: failed (check)
  jsonpath $.status: expected equals "paid", got "declined"
  --> journeys/checkout.yaml:49:30
    49 |       - {jsonpath: $.status, equals: paid}
       |                              ^^^^^^^^^^^^
    expected  equals "paid"
    actual    "declined"
    request   POST http://127.0.0.1:8321/pay → 200 in 90.0 ms
    body      {"status": "declined"}\\x1b[2J
    hint      look at the card

! checkout › pay: a side effect is left: its outcome is unknown
    `probe reap` tries to undo it; look for the idempotency key key-1
"""


def text(*runs, **how) -> str:  # type: ignore[no-untyped-def]
    return "\n".join(report(runs, View(**how)))


def test_a_failed_run_says_what_broke_where_and_how_slow() -> None:
    assert text(FAILED) == FAILED_REPORT


def test_nothing_a_target_sends_reaches_the_terminal_unescaped() -> None:
    assert "\x1b" not in text(FAILED, FAILED, verbose=True)


def test_of_many_runs_the_good_ones_take_a_line() -> None:
    lines = text(PASSED, FAILED, PASSED).splitlines()
    assert lines[0] == "✓ passed  checkout  1.50 s"
    assert lines[-1] == "3 runs of 1 journey: 2 passed, 1 failed"


def test_quiet_shows_failures_and_the_summary_only() -> None:
    assert text(PASSED, quiet=True) == "1 run of 1 journey: 1 passed"
    assert text(FAILED, quiet=True).startswith("✗ checkout › pay: failed (check)")


def test_a_run_that_could_not_start_says_why() -> None:
    assert "! checkout: errored (script)\n  the secret card has no value\n    hint      export TEST_CARD=…" in text(
        NOT_STARTED
    )


def test_verbose_shows_exchanges_and_checks() -> None:
    shown = text(FAILED, verbose=True)
    assert "POST http://127.0.0.1:8321/pay → 200 in 90.0 ms" in shown
    assert '✗ jsonpath $.status equals "paid"  got "declined"' in shown


def test_notes_are_counted_by_the_step_and_told_in_full_when_asked() -> None:
    attempt = BROWSE.attempts[-1]
    noted = replace(attempt.exchanges[-1], notes=("the charset x is unknown: the body is read as utf-8",))
    step = replace(BROWSE, attempts=(replace(attempt, exchanges=(*attempt.exchanges[:-1], noted)),))
    run = replace(PASSED, steps=(step,))
    assert "processing 50 %, 1 note\n" in text(run)
    assert "\n      ! the charset x is unknown: the body is read as utf-8\n" in text(run, verbose=True)


def test_an_exchange_without_http_has_no_answer_to_tell() -> None:
    attempt = BROWSE.attempts[-1]
    exchange = replace(attempt.exchanges[-1], method="TCP", url="tcp://shop:443", status=None, duration_ns=2_000_000)
    step = replace(BROWSE, attempts=(replace(attempt, exchanges=(exchange,)),))
    shown = text(replace(PASSED, steps=(step,)), verbose=True)
    assert "\n      TCP tcp://shop:443 in 2.00 ms\n" in shown
    assert "\n        \n" not in shown


def test_a_second_request_on_a_fresh_connection_is_said_and_is_no_redirect() -> None:
    answered = BROWSE.attempts[0].exchanges[0]
    dead = replace(answered, status=None, reused=True, failure=Failure(Cause.PROTOCOL, "closed"))
    attempt = replace(BROWSE.attempts[0], exchanges=(dead, answered))
    shown = text(replace(PASSED, steps=(replace(BROWSE, attempts=(attempt,), flaky=True),)))
    assert "processing 50 %, flaky: asked again on a fresh connection\n" in shown


def test_colours_change_nothing_but_colours() -> None:
    import click

    assert click.unstyle(text(FAILED, colour=True)) == text(FAILED)
    assert "\x1b[" in text(FAILED, colour=True)


def test_long_and_wide_names_keep_their_columns() -> None:
    steps = (replace(BROWSE, name="商品を見る"), replace(BROWSE, name="x" * 300))
    shown = text(replace(PASSED, steps=steps)).splitlines()[4:6]
    assert shown[0].startswith("  ✓ 商品を見る" + " " * 26)
    assert "…   " in shown[1]


def test_the_summary_of_nothing_says_so() -> None:
    assert summary([], View()) == "nothing was run"


def test_an_interrupted_run_says_so() -> None:
    assert text(replace(PASSED, interrupted=True, verdict=Verdict.ERRORED)).startswith("! interrupted  checkout")


SHOWN = Certificate("shop.example", "An Authority", PASSED.started_at, PASSED.started_at + timedelta(days=3, hours=1))
ENDS = "certificate ends on 2026-02-03, in 3 days: shop.example, issued by An Authority"
SLOW = {Phase.PROCESSING: 420 * MS, Phase.OTHER: MS}
TIMED = ServerTiming("db", 300 * MS)


def performed(step: StepResult, **more: Any) -> StepResult:
    """The step with that known of its only exchange."""
    (attempt,) = step.attempts
    (exchange,) = attempt.exchanges
    return replace(step, attempts=(replace(attempt, exchanges=(replace(exchange, **more),)),))


def lines(*runs: Run, **view: Any) -> list[str]:
    return [line.strip() for line in report(runs, View(**view))]


def test_a_server_that_took_long_is_told_why() -> None:
    known = {"min_rtt_ns": 80 * MS, "server_timing": (TIMED,), "edge": Edge("Fastly", "FRA")}
    said = [
        "about 80.0 ms of processing is the round trip, 340 ms the server",
        "Server-Timing: db 300 ms",
        "answered by Fastly FRA",
    ]
    slow = lines(replace(PASSED, steps=(performed(BROWSE, phases=SLOW, **known),)))
    first = next(place for place, line in enumerate(slow) if line.startswith("✓ browse"))
    assert slow[first + 1 : first + 4] == said
    quick = lines(replace(PASSED, steps=(performed(BROWSE, phases={Phase.PROCESSING: 299 * MS}, **known),)))
    assert not set(said) & set(quick)


def test_a_failure_shows_what_is_known_of_its_exchange() -> None:
    shop = TlsFacts("TLSv1.3", "AES", "", (replace(SHOWN, not_after=SHOWN.not_after + timedelta(days=90)),))
    pay = performed(PAY, phases=SLOW, min_rtt_ns=20 * MS, server_timing=(TIMED,), retransmits=1, tls=shop)
    said = lines(replace(FAILED, steps=(pay,)))
    first = next(place for place, line in enumerate(said) if line.startswith("request"))
    assert said[first + 1 : first + 4] == [
        "about 20.0 ms of processing is the round trip, 400 ms the server",
        "Server-Timing: db 300 ms",
        "1 segment had to be sent again: packets are lost on the way",
    ]
    assert not [line for line in said if "certificate" in line]
    assert len([line for line in said if line == "Server-Timing: db 300 ms"]) == 1


def test_a_certificate_that_was_refused_is_shown() -> None:
    refused = Failure(Cause.TLS, "not trusted")
    pay = replace(performed(PAY, failure=refused, tls=TlsFacts("", "", "", (SHOWN,))), failure=refused)
    assert [line for line in lines(replace(FAILED, steps=(pay,), failure=refused)) if "certificate" in line] == [ENDS]


def test_a_certificate_that_ends_soon_is_told_once_whatever_passed() -> None:
    secured = replace(PASSED, steps=(performed(BROWSE, tls=TlsFacts("TLSv1.3", "AES", "", (SHOWN,))),))
    for view in ({}, {"quiet": True}):
        assert [line for line in lines(secured, secured, **view) if "certificate" in line] == [f"! {ENDS}"]


def test_verbose_shows_what_is_known_of_an_exchange() -> None:
    run = replace(PASSED, steps=(performed(BROWSE, resolver="hosts", sent_bytes=7, received_bytes=1234),))
    assert "name known by hosts · 7 bytes sent · 1 234 bytes" in lines(run, verbose=True)
