from msgspec.structs import replace

from probe.model.journey import Budget, Secret
from probe.safety.bounds import unbounded
from tests.agent.planning import WRITES, plan

PAY = plan("pay", WRITES).journey


def test_a_journey_that_writes_needs_a_budget() -> None:
    (mistake,) = unbounded(PAY, None, ", somewhere")
    assert (mistake.message, mistake.hint) == (
        "the journey pay writes and has no budget",
        "add budget: {writes_per_day: 100}, somewhere",
    )
    assert list(unbounded(PAY, Budget())) == []


def test_its_secrets_need_hosts() -> None:
    paid = replace(PAY, secrets={"card": Secret("CARD"), "pin": Secret("PIN", hosts=("shop.example",))})
    assert [mistake.message for mistake in unbounded(paid, Budget())] == [
        "the secret card of pay may be sent to any host"
    ]
