from random import Random
from time import monotonic

from aiohttp import web
from aiohttp.typedefs import Handler

from probe.demo.faults import NO_FAULTS, Faults
from probe.demo.orders import Orders
from probe.demo.session import Sessions


class State:
    """Everything about a running shop that changes."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._forget()

    def reset(self) -> None:
        self.faults = NO_FAULTS
        self._forget()

    def _forget(self) -> None:
        self.sessions = Sessions()
        self.orders = Orders()
        self.requests = 0
        self.pay_requests = 0

    @property
    def faults(self) -> Faults:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self.dice = Random(faults.seed)

    def faults_on(self, path: str) -> Faults:
        return NO_FAULTS if is_admin(path) else self._faults.on(path)

    def counters(self) -> dict[str, int]:
        return {
            "requests": self.requests,
            "sessions": len(self.sessions),
            "pay_requests": self.pay_requests,
            "replays": self.orders.replays,
            "declined": self.orders.declined,
            "orders": len(self.orders),
            "cancelled": self.orders.cancelled,
            "open_orders": self.orders.open(monotonic()),
        }


def is_admin(path: str) -> bool:
    return path.startswith("/admin/")


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts what arrived, whatever becomes of it."""
    state = request.app[STATE]
    state.requests += not is_admin(request.path)
    state.pay_requests += (request.method, request.path) in PAYING
    return await handler(request)


STATE = web.AppKey("state", State)
PAYING = {("POST", "/pay"), ("POST", "/checkout")}
