import pytest
from msgspec.structs import replace

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.steps.base import Options
from probe.steps.guard import guard
from probe.wire.body import FileTrouble
from tests.steps.asking import OPTIONS, PLACE, attempt

BOUND = replace(OPTIONS, secret_hosts={"card": ("4242424242424242", ("shop.example",))})


def found(host: str, *texts: str, options: Options = BOUND, write_key: str = "") -> Failure | None:
    try:
        guard(host, lambda overlap: iter(texts), attempt(options, write_key), PLACE)
    except StepFailure as error:
        return error.failure
    return None


def test_a_secret_goes_to_its_hosts_and_to_no_other() -> None:
    message = "the secret card was not sent: it is bound to shop.example, and this is another host"
    assert found("shop.example", "4242424242424242") is None
    assert found("other.example", "nothing") is None
    assert found("other.example", "nothing", "a 4242424242424242 b") == Failure(Cause.SCRIPT, message, PLACE)


def test_a_write_stays_on_this_machine_unless_it_is_allowed_to_go() -> None:
    message = "a step with effect: write was not sent to shop.example: writes are not allowed there"
    hint = "allow them with --allow-writes"
    assert found("shop.example", write_key="k") == Failure(Cause.SCRIPT, message, PLACE, hint=hint)
    assert found("127.0.0.1", write_key="k") is None
    allowed = replace(OPTIONS, writes_allowed=True)
    assert found("shop.example", options=replace(allowed, journalled=True), write_key="k") is None
    unheard = found("shop.example", options=allowed, write_key="k")
    assert unheard is not None
    assert unheard.message.endswith("there is no journal of effects to enter it into")


def test_nothing_is_read_when_no_secret_is_bound_elsewhere() -> None:
    def texts(overlap: int) -> list[str]:
        raise AssertionError

    guard("shop.example", texts, attempt(BOUND), PLACE)


def test_texts_overlap_by_the_longest_form_of_the_longest_secret() -> None:
    asked: list[int] = []

    def texts(overlap: int) -> list[str]:
        asked.append(overlap)
        return []

    bound = replace(OPTIONS, secret_hosts={"a": ("x" * 10, ()), "b": ("ü" * 10, ())})
    guard("shop.example", texts, attempt(bound), PLACE)
    assert asked == [20 * 12]


def test_a_file_that_is_gone_meanwhile_is_told() -> None:
    def texts(overlap: int) -> list[str]:
        raise FileTrouble("the file a.jpg cannot be read: gone")

    with pytest.raises(StepFailure) as raised:
        guard("other.example", texts, attempt(BOUND), PLACE)
    assert raised.value.failure == Failure(Cause.SCRIPT, "the file a.jpg cannot be read: gone", PLACE)
