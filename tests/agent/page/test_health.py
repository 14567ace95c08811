from msgspec.structs import replace

from probe.agent.page.health import controls, delivery, health
from probe.model.result import Timekeeping
from tests.agent.page.test_markup import Read
from tests.metrics.sample import AGENT


def lines(markup: str) -> list[str]:
    ends = ("</p>", "</dd>", "</li>")
    for end in ends:
        markup = markup.replace(end, f"{end}\n")
    return Read(markup.replace("</dt>", "</dt>: ")).text.splitlines()


def test_delivery_says_what_waits_what_arrived_and_what_was_lost() -> None:
    assert lines(delivery(AGENT)) == [
        "hub retrying",
        "503 Service Unavailable",
        "12 records waiting, 33.8 KiB, the oldest from 4 min ago",
        "170 delivered, the last 5 min ago, 3 batches sent again",
        "lost: 2 by age",
        "jsonl waiting",
        "nothing waits",
        "182 delivered, the last 2 s ago",
        "Spool: 12 records, 33.8 KiB  of 256 MiB",
    ]


def test_a_spool_without_a_limit_is_no_division() -> None:
    assert 'value="0.0000"' in delivery(replace(AGENT, spool_limit_bytes=0))


def test_without_exporters_results_stay() -> None:
    assert lines(delivery(replace(AGENT, exporters=()))) == ["No exporters are configured: results stay here."]


def test_controls_say_who_could_be_reached() -> None:
    assert lines(controls(AGENT)) == ["✓1.1.1.1:53 reached", "!https://example.com Connection refused"]


def test_an_agent_without_controls_is_told_what_that_means() -> None:
    said = "None are known: a failure of the agent's network looks like one of the shop."
    assert lines(controls(replace(AGENT, controls=()))) == [said]


def test_health_is_in_figures() -> None:
    assert lines(health(AGENT)) == [
        "Running: 1 of at most 10",
        "Waiting for a place: 0 now, 0.5 s in all",
        "Event loop: late by at most 4.50 ms in the last minute",
        "Garbage collection: at most 2.50 ms at once in the last minute, 0.8 s in all",
        "Throttled: 1.5 s in all, for the CPU limit of its control group",
        "Clock: synchronised, wrong by 1.20 ms at most",
        "Seen from outside as: 8.8.4.4, 2001:4860::1",
        "Suspect runs: 1 since the start",
        "Effects: 1 to be undone, 0 leaked",
        "Unwritten: 0 records",
        "Reloads: 2 good, the last 1 h ago, 1 refused",
        "Up: 3 h, since 2026-01-31 09:05 UTC",
    ]


def test_what_the_machine_does_not_tell_is_said() -> None:
    unknown = replace(AGENT, throttled_seconds_total=None, timekeeping=None, gc_worst_ns=0, egress=())
    assert lines(health(unknown))[3:7] == [
        "Garbage collection: less than 1 ms at once in the last minute, 0.8 s in all",
        "Throttled: not known: no control group tells",
        "Clock: the kernel does not say how it is kept",
        "Seen from outside as: not known: no hub has told",
    ]
    drifting = replace(AGENT, timekeeping=Timekeeping(synchronised=False, error_ns=16_000_000_000))
    assert lines(health(drifting))[5] == "Clock: not synchronised: nobody knows how wrong it is"
