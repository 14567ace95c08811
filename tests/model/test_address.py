import pytest

from probe.model.address import Address, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8320", Address("127.0.0.1", 8320)),
        ("0.0.0.0:0", Address("0.0.0.0", 0)),
        ("[::1]:8320", Address("::1", 8320)),
        ("localhost:1", Address("localhost", 1)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "8320", ":8320", "localhost", "a:", "a:b", "a:65536", "a:-1", "u@h:1", "h:1/x", "[::1:1", "::1:1",
        "a b:1", "a:1\n", "a:1?", "http://a:1",
    ],
)  # fmt: skip
def test_anything_else_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (Address("127.0.0.1", 1), "http://127.0.0.1:1"),
        (Address("0.0.0.0", 1), "http://127.0.0.1:1"),
        (Address("::", 1), "http://[::1]:1"),
        (Address("::1", 1), "http://[::1]:1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_its_url_is_where_a_client_on_this_machine_finds_it(address: Address, url: str) -> None:
    assert address.url == url
