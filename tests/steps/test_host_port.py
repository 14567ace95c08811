import pytest

from probe.errors import StepFailure
from probe.model.address import Address
from probe.model.result import Cause, Failure
from probe.steps.base import ActionError
from probe.steps.host_port import host_port, reject_host_port
from tests.steps.asking import PLACE, attempt, text


@pytest.mark.parametrize("written", ["shop", "http://shop:80", "shop:0x50", "shop:99999", ""])
def test_what_is_no_host_and_port_is_refused_when_it_is_known(written: str) -> None:
    with pytest.raises(ActionError) as raised:
        reject_host_port(text(written), "connect")
    assert (str(raised.value), raised.value.key) == (f"expected host:port, got {written}", "connect")


@pytest.mark.parametrize("written", ["shop:443", "[::1]:443", "${target}", "${host}:443"])
def test_what_may_be_one_is_not(written: str) -> None:
    reject_host_port(text(written), "connect")


def test_it_is_rendered() -> None:
    performance = attempt()
    performance.scope.set("host", "::1")
    assert host_port(text("[${host}]:443"), performance) == Address("::1", 443)


def test_what_was_rendered_and_is_none_blames_the_journey() -> None:
    performance = attempt()
    performance.scope.set("target", "http://shop/")
    with pytest.raises(StepFailure) as raised:
        host_port(text("${target}"), performance)
    assert raised.value.failure == Failure(Cause.SCRIPT, "expected host:port, got http://shop/", PLACE)
