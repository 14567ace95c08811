from decimal import Decimal

import pytest
from msgspec.structs import replace

from probe.agent.config import Writes
from probe.agent.planned import Planned
from probe.agent.writing import unsafe_writes
from probe.model.duration import NANOSECONDS
from probe.model.journey import Amount, Budget, Count, Currency, Secret
from probe.model.slot import Placement
from tests.agent.planning import READS, WRITES, plan
from tests.agent.recording import config

QUARTER = 15 * NANOSECONDS["m"]
SAFE = plan("pay", WRITES, QUARTER, budget=Budget(writes_per_day=Count(100)))
PAID = WRITES.replace("effect: write,", "effect: write, amount: {value: 1, currency: USD},")
EUR = Budget(amount_per_day=Amount(Decimal(9), Currency("EUR")))


def told(planned: Planned, writes: Writes = Writes.ALLOW) -> list[str]:
    return [mistake.message for mistake in unsafe_writes(config(writes=writes), planned)]


def with_secret(secret: Secret) -> Planned:
    return replace(SAFE, journey=replace(SAFE.journey, secrets={"card": secret}))


@pytest.mark.parametrize(
    ("planned", "message"),
    [
        (plan("pay", WRITES, QUARTER), "the journey pay writes and has no budget"),
        (plan("pay", WRITES, QUARTER - 1, budget=Budget()), "the journey pay would write every 15 m 00 s"),
        (plan("pay", PAID, QUARTER, budget=EUR), "the budget of pay counts another currency than this step spends"),
        (with_secret(Secret("TEST_CARD")), "the secret card of pay may be sent to any host"),
    ],
)
def test_a_journey_that_writes_to_a_shop_is_bounded_or_refused(planned: Planned, message: str) -> None:
    assert told(planned) == [message]
    assert told(planned, Writes.DENY) == []


@pytest.mark.parametrize(
    "planned",
    [
        SAFE,
        plan("browse", READS, NANOSECONDS["s"]),
        replace(SAFE, grid=plan(every_ns=NANOSECONDS["m"]).grid, frequent_writes=True),
        plan("pay", WRITES, QUARTER // 3, budget=Budget(), placement=Placement.ROTATE, turns=3),
        with_secret(Secret("TEST_CARD", hosts=("shop.example",))),
    ],
    ids=["bounded", "reads", "meant", "in turn", "bound"],
)
def test_what_is_safe_is_not_refused(planned: Planned) -> None:
    assert told(planned) == []
