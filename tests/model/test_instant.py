from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from probe.model.instant import datetime_of, nanoseconds_of


@given(st.datetimes(timezones=st.just(UTC)))
def test_there_and_back_is_exact(at: datetime) -> None:
    assert datetime_of(nanoseconds_of(at)) == at


def test_an_instant_is_the_same_in_every_zone() -> None:
    at = datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert (nanoseconds_of(at), nanoseconds_of(at + timedelta(microseconds=1))) == (0, 1000)


def test_what_is_less_than_a_microsecond_is_cut_off() -> None:
    assert datetime_of(1_999) == datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)
