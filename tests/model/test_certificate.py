from datetime import UTC, datetime, timedelta

import pytest

from probe.model.certificate import Certificate, TlsFacts

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def expiring(at: datetime) -> Certificate:
    return Certificate("shop.example", "An Authority", NOW - timedelta(days=60), at)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=14), 14),
        (timedelta(days=14, seconds=-1), 13),
        (timedelta(seconds=1), 0),
        (timedelta(seconds=-1), -1),
        (timedelta(days=-3), -3),
    ],
)
def test_days_left_are_whole_ones_and_negative_after_the_end(left: timedelta, days: int) -> None:
    assert expiring(NOW + left).days_left(NOW) == days


def test_a_chain_expires_with_the_first_of_its_certificates() -> None:
    soon, late = NOW + timedelta(days=3), NOW + timedelta(days=90)
    facts = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", chain=(expiring(late), expiring(soon)))
    assert facts.expires_at == soon


def test_an_unknown_chain_expires_at_no_known_time() -> None:
    assert TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384").expires_at is None
