from msgspec.structs import replace

from probe.hub.pages.known import RunKnown
from probe.hub.pages.moment import moment
from probe.hub.pages.run import Broken, CaptureRow, CheckRow, Fact, Neighbour, run_view
from probe.hub.pages.sign import RUN_SIGNS, Sign
from probe.model.result import Health, Timekeeping
from tests.export.sample import MS, NOT_STARTED, PASSED
from tests.hub.pages.compared import line
from tests.hub.pages.seed import FAILED_RUN, failed_run
from tests.hub.records import MINUTE, NOW

EXCERPT = (
    "  49 |       - {jsonpath: $.status, equals: paid}",
    "     |                              ^^^^^^^^^^^^",
)


def test_what_broke_comes_with_its_place_in_the_file_and_what_to_do() -> None:
    assert run_view(RunKnown(failed_run()), NOW).broken == (
        Broken(
            step="pay",
            sign=RUN_SIGNS["failed"],
            reason='jsonpath $.status: expected equals "paid"',
            cause="check",
            message='jsonpath $.status: expected equals "paid", got "declined"',
            place="journeys/checkout.yaml:49:30",
            excerpt=EXCERPT,
            expected='equals "paid"',
            actual='"declined"',
            hint="the shop answered 200 and declined: look at the payment provider",
            body='{"status": "declined", "reason": "<script>alert(1)</script>"}',
        ),
    )


def test_a_run_that_could_not_start_says_why() -> None:
    broken = run_view(RunKnown(NOT_STARTED), NOW).broken
    assert [(each.step, each.sign.word, each.message, each.place, each.hint) for each in broken] == [
        ("", "errored", "the secret card has no value", "", "export TEST_CARD=…")
    ]


def test_checks_that_did_not_hold_come_first() -> None:
    checks = run_view(RunKnown(failed_run()), NOW).checks
    assert [(row.sign.word, row.step) for row in checks] == [
        ("did not hold", "pay"),
        ("soft: did not hold", "pay"),
        ("held", "browse"),
        ("held", "add to cart"),
        ("held", "pay"),
        ("held", "log out"),
    ]
    assert checks[0] == CheckRow(
        Sign("✗", "did not hold", "failed"),
        "pay",
        "jsonpath $.status",
        'equals "paid"',
        '"declined"',
        "journeys/checkout.yaml:49:30",
        EXCERPT,
    )


def test_captures_are_listed_with_those_that_found_nothing() -> None:
    assert run_view(RunKnown(failed_run()), NOW).captures == (
        CaptureRow("browse", "csrf", "c5f0…1e", Sign("=", "captured", "passed")),
        CaptureRow("pay", "order", "jsonpath $.order.id found nothing", Sign("✗", "not captured", "failed")),
    )


def test_who_when_and_in_what_state() -> None:
    view = run_view(RunKnown(failed_run()), NOW)
    assert (view.at, view.duration, view.exact) == (moment(NOW - 12 * MINUTE, NOW), "1.60 s", "1600000000 ns")
    assert {fact.name: fact.value for fact in view.facts} == {
        "Region": "eu-west-1",
        "Agent": "agent-1",
        "Environment": "prod",
        "Trigger": "schedule",
        "Slot": f"{NOW // MINUTE - 12}, due 2027-01-15 07:48:00, every 1 min",
        "File": "journeys/checkout.yaml",
        "Definition": "4f1c2a9d0b7e6a55",
        "probe": "0.2.0",
        "Run": FAILED_RUN,
    }
    assert view.health == (
        Fact("Event loop", "212 ms at worst", "How late Python may have looked."),
        Fact("Lag", "40.0 ms, 15.0 ms of it queued", "From the slot's instant to the beginning of the run."),
        Fact("Side by side", "7", "Runs in flight when it began, itself included."),
    )


def test_an_agent_that_had_its_troubles_says_them() -> None:
    kept = Timekeeping(synchronised=False, error_ns=16 * 10**9)
    health = Health(cpu_ns=30 * MS, throttled_ns=90 * MS, gc_ns=12 * MS, gc_worst_ns=8 * MS, timekeeping=kept)
    view = run_view(RunKnown(replace(failed_run(), health=health)), NOW)
    assert view.health[3:] == (
        Fact("Processor", "30.0 ms", "What the agent spent meanwhile, on other runs too."),
        Fact("Throttled", "90.0 ms", "Held back meanwhile: its CPU limit is too low."),
        Fact("Garbage collection", "12.0 ms, 8.00 ms at worst", "Nothing else went on meanwhile."),
        Fact("Clock", "not synchronised: nobody knows how wrong it is", "What slots and the run's instant go by."),
    )


def test_the_address_an_agent_was_seen_under_is_told() -> None:
    view = run_view(RunKnown(replace(failed_run(), egress=("8.8.4.4", "2001:4860::1"))), NOW)
    told = Fact("Seen as", "8.8.4.4, 2001:4860::1", "The agent's address as the outside saw it.")
    assert told in view.facts


def test_a_manual_run_has_neither_slot_nor_health() -> None:
    view = run_view(RunKnown(PASSED), NOW)
    assert (view.broken, view.health, [fact.name for fact in view.facts]) == (
        (),
        (),
        ["Region", "Agent", "Trigger", "File", "probe", "Run"],
    )


def test_the_runs_before_and_after_are_told_with_what_came_of_them() -> None:
    bad = line("eu-west-1", NOW - MINUTE, verdict="failed", cause="status", reason="HTTP 500", failed_step="pay")
    view = run_view(RunKnown(PASSED, line("eu-west-1", NOW - 2 * MINUTE), bad), NOW)
    assert view.before is not None
    assert (view.before.sign, view.before.words) == (RUN_SIGNS["passed"], "990 ms")
    assert view.after == Neighbour(
        f"/runs/{bad.run_id}", RUN_SIGNS["failed"], moment(NOW - MINUTE, NOW), "pay: HTTP 500"
    )
