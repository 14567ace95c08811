from msgspec.structs import replace

from probe.export.console import View, report, summary
from probe.model.result import Verdict
from tests.export.sample import BROWSE, FAILED, NOT_STARTED, PASSED

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
    look for the idempotency key key-1
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
