import pytest

from probe.hub.sender import seen_from


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("8.8.4.4", "", "8.8.4.4"),
        ("2001:4860::1", "", "2001:4860::1"),
        ("::ffff:8.8.4.4", "", "8.8.4.4"),
        ("10.0.0.9", "8.8.4.4", "8.8.4.4"),
        ("127.0.0.1", "8.8.4.4, 10.0.0.3", "8.8.4.4"),
        ("127.0.0.1", "1.1.1.1, 8.8.4.4, 10.0.0.3", "8.8.4.4"),
        ("8.8.4.4", "1.1.1.1", "8.8.4.4"),
        ("127.0.0.1", "8.8.4.4:4711", "8.8.4.4"),
        ("127.0.0.1", "[2001:4860::1]:4711", "2001:4860::1"),
        ("10.0.0.9", "192.168.1.4", "10.0.0.9"),
        ("10.0.0.9", "unknown, _hidden, ', \x00", "10.0.0.9"),
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "garbage", ""),
        ("::1", "", ""),
        (None, "", ""),
        ("", "8.8.4.4", "8.8.4.4"),
    ],
)
def test_the_nearest_address_that_is_nobodys_inside_is_the_senders(
    remote: str | None, forwarded: str, address: str
) -> None:
    assert seen_from(remote, forwarded) == address


def test_an_endless_header_is_read_from_its_end() -> None:
    assert seen_from("127.0.0.1", "1.1.1.1," * 10**6 + "8.8.4.4") == "8.8.4.4"
