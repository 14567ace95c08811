import logging

import pytest

from probe.agent.egress import NEWS_NS, Egress
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def egress(clock: FakeClock) -> Egress:
    return Egress(lambda: clock.wall_ns)


def test_an_address_of_each_family_is_known(egress: Egress) -> None:
    for told in ("8.8.4.4", "2001:4860:0::1", "8.8.4.4"):
        egress.note(told)
    assert (egress.addresses, egress.notices()) == (("8.8.4.4", "2001:4860::1"), ())


def test_a_change_is_an_event_and_news_for_a_day(
    egress: Egress, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "probe.agent")
    egress.note("8.8.4.4")
    egress.note("8.8.8.8")
    change = "the IPv4 egress address changed from 8.8.4.4 to 8.8.8.8"
    assert caplog.record_tuples == [
        ("probe.agent", logging.INFO, "seen from outside as 8.8.4.4"),
        ("probe.agent", logging.WARNING, change),
    ]
    assert (egress.addresses, egress.notices()) == (("8.8.8.8",), (f"{change} at 2026-11-02 00:00 UTC",))
    clock.pass_ns(NEWS_NS)
    assert egress.notices() != ()
    clock.pass_ns(1)
    assert egress.notices() == ()


def test_addresses_that_take_turns_are_news_once(egress: Egress, caplog: pytest.LogCaptureFixture) -> None:
    for told in ("8.8.4.4", "8.8.8.8", "8.8.4.4", "8.8.8.8", "8.8.4.4"):
        egress.note(told)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert egress.addresses == ("8.8.4.4",)


def test_what_is_no_address_is_not_believed(egress: Egress) -> None:
    for told in ("", "shop.example", "8.8.4.4\n", "x" * 10**6):
        egress.note(told)
    assert egress.addresses == ()


def test_it_does_not_remember_for_ever(egress: Egress) -> None:
    for number in range(500):
        egress.note(f"8.8.{number // 250}.{number % 250}")
    assert len(egress._known) == 64
