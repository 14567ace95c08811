from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Literal

from probe.demo.basket import Basket
from probe.demo.catalog import CURRENCY
from probe.demo.faults import Faults
from probe.demo.session import Session

OrderState = Literal["pending", "confirmed", "rejected", "cancelled"]


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    session_id: str
    cents: int
    settled_at: float  # on the monotonic clock, in seconds
    rejected: bool
    cancelled: bool = False

    def state(self, now: float) -> OrderState:
        if self.cancelled:
            return "cancelled"
        if now < self.settled_at:
            return "pending"
        return "rejected" if self.rejected else "confirmed"

    def as_json(self, now: float) -> dict[str, object]:
        return {"id": self.id, "state": self.state(now), "total": self.cents / 100, "currency": CURRENCY}


@dataclass(frozen=True, slots=True)
class Payment:
    """What an attempt to pay led to; a replay of the attempt gives the same one."""

    order_id: str | None
    answer: dict[str, object]


class EmptyBasketError(Exception):
    """There is nothing to pay for."""


class Orders:
    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._payments: dict[str, Payment] = {}  # by idempotency key
        self.replays = 0
        self.declined = 0

    def __len__(self) -> int:
        return len(self._orders)

    @property
    def cancelled(self) -> int:
        return sum(order.cancelled for order in self._orders.values())

    def open(self, now: float) -> int:
        return sum(order.state(now) in ("pending", "confirmed") for order in self._orders.values())

    def pay(self, session: Session, key: str, faults: Faults, now: float) -> Payment:
        """Pay the session's basket, once per key. No await in here: that is what stops concurrent duplicates."""
        if key in self._payments:
            self.replays += 1
            return self._payments[key]
        if not session.basket.count:
            raise EmptyBasketError
        payment = self._decline() if faults.declined else self._create(session, faults, now)
        if key:
            self._payments[key] = payment
        return payment

    def _decline(self) -> Payment:
        self.declined += 1
        return Payment(None, {"status": "declined", "reason": "insufficient_funds"})

    def _create(self, session: Session, faults: Faults, now: float) -> Payment:
        order = Order(
            id=f"ord_{token_hex(8)}",
            session_id=session.id,
            cents=session.basket.cents,
            settled_at=now + faults.confirm_after,
            rejected=faults.rejected,
        )
        self._orders[order.id] = order
        session.basket = Basket()
        return Payment(order.id, {"status": "paid", "order": order.as_json(now)})

    def find(self, order_id: str) -> Order | None:
        return self._orders.get(order_id)

    def paid_with(self, key: str) -> Order | None:
        payment = self._payments.get(key)
        return self.find(payment.order_id) if payment and payment.order_id else None

    def cancel(self, order_id: str) -> Order | None:
        order = self._orders.get(order_id)
        if order:
            order = self._orders[order_id] = replace(order, cancelled=True)
        return order
