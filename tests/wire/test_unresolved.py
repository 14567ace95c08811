import pytest
from pycares import errno

from probe.wire.unresolved import ResolveError, unresolved

SERVERS = ["10.0.0.2:53", "10.0.0.3:5353"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "it exists and has no address"),
        (errno.ARES_ETIMEOUT, "the name server 10.0.0.2 or 10.0.0.3:5353 did not answer"),
        (errno.ARES_ESERVFAIL, "the name server 10.0.0.2 or 10.0.0.3:5353 failed to find out (SERVFAIL)"),
        (errno.ARES_ENOMEM, "out of memory (asked 10.0.0.2 or 10.0.0.3:5353)"),
    ],
)
def test_the_servers_that_were_asked_are_named(status: int | None, words: str) -> None:
    error = unresolved(status, "shop.test", SERVERS)
    assert isinstance(error, ResolveError)
    assert error.words == words


def test_every_status_has_words() -> None:
    errors = [unresolved(status, "shop.test", SERVERS) for status in errno.errorcode if status]
    assert len(errors) > 20
    assert all(isinstance(error, ResolveError) and error.words for error in errors if not isinstance(error, ValueError))


def test_what_is_no_name_is_a_mistake() -> None:
    error = unresolved(errno.ARES_EBADNAME, "a..b", SERVERS)
    assert (type(error), str(error)) == (ValueError, "a..b is no name of a host")
