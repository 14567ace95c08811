import socket

import pytest

from probe.cli.ask_hub import ask_hub
from probe.errors import ProbeError, UsageError
from tests.cli.answering import answering


def refused(hub: str) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        ask_hub(hub, "/api", {}, "")
    return caught.value


def test_the_question_carries_its_parameters_and_the_token() -> None:
    with answering(body=b"yes") as server:
        assert ask_hub(f"{server.url}/", "/api/v1/compare", {"journey": "a b&c"}, "secret") == b"yes"
        assert ask_hub(server.url, "/api", {}, "") == b"yes"
    assert server.asked == [("/api/v1/compare?journey=a+b%26c", "Bearer secret"), ("/api?", None)]


def test_nothing_to_this_machine_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(body=b"hub") as server, answering(502) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert ask_hub(server.url, "/api", {}, "") == b"hub"
    assert proxy.asked == []


def test_a_hub_that_is_not_there_is_our_trouble() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        hub = f"http://127.0.0.1:{held.getsockname()[1]}"
        error = refused(hub)
    assert (str(error), error.exit_code) == (
        (
            f"the hub at {hub} could not be reached: Connection refused; "
            "is `probe hub` running there? --hub URL names another one"
        ),
        3,
    )


@pytest.mark.parametrize(
    ("status", "body", "message", "code"),
    [
        (
            404,
            b'{"error": "there is no journey chekout", "hint": "did you mean checkout?"}',
            "there is no journey chekout; did you mean checkout?",
            2,
        ),
        (400, b'{"error": "expected a duration, got 5"}', "expected a duration, got 5", 2),
        (500, b'{"error": "the disk is full"}', "the hub at @HUB@: the disk is full", 3),
        (404, b"<html>", "no hub is at @HUB@: it answers 404 Not Found", 3),
        (404, b'["error"]', "no hub is at @HUB@: it answers 404 Not Found", 3),
        (502, b"\xff", "no hub is at @HUB@: it answers 502 Bad Gateway", 3),
        (
            401,
            b"{}",
            (
                "the hub at @HUB@ does not let you read (401): "
                "put a read token into PROBE_HUB_TOKEN (`probe hub token add` makes one)"
            ),
            3,
        ),
        (400, b'{"error": "\\u001b[2J"}', "\\x1b[2J", 2),
    ],
)
def test_what_the_hub_refuses_is_told(status: int, body: bytes, message: str, code: int) -> None:
    with answering(status, body) as server:
        error = refused(server.url)
    assert (str(error), error.exit_code) == (message.replace("@HUB@", server.url), code)


def test_the_token_does_not_follow_a_redirect() -> None:
    with answering(body=b"stolen") as other, answering(302, headers={"Location": f"{other.url}/x"}) as server:
        assert str(refused(server.url)) == f"no hub is at {server.url}: it answers 302 Found"
    assert other.asked == []


@pytest.mark.parametrize(
    "hub",
    [
        "",
        "hub.example.com",
        "file:///etc/passwd",
        "http://",
        "http://[",
        "http://a:b@c",
        "http://a?x",
        "http://a:0",
        "http://a b",
    ],
)
def test_what_is_no_address_of_a_hub_is_a_usage_error(hub: str) -> None:
    error = refused(hub)
    assert isinstance(error, UsageError)
    assert str(error) == f"expected the address of a hub, such as https://hub.example.com, got {hub}"
