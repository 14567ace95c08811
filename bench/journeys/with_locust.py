"""locust's FastHttpUser, as a library: users side by side, whose connections end with each journey."""

import ssl

import gevent
from locust import FastHttpUser
from locust.env import Environment

from bench.journeys.client import AT_ONCE, CALLS, JSON, Order, order, told, trust


def main(order: Order) -> None:
    context = trust(order.ca)

    class Shopper(FastHttpUser):  # type: ignore[misc]
        host = order.url
        insecure = False

        @staticmethod
        def ssl_context_factory(cafile: str) -> ssl.SSLContext:
            return context  # as it is: the library would load its own authorities into it for every user

        def journey(self) -> None:
            for method, path, body in CALLS[: order.steps]:
                answer = self.client.request(method, path, data=body, headers=JSON if body else None)
                assert answer.status_code == 200, answer.error
            self.client.client.clientpool.close()

    environment = Environment(user_classes=[Shopper])
    shoppers = [Shopper(environment) for _ in range(AT_ONCE)]

    def perform(journeys: int) -> None:
        left = iter(range(journeys))

        def one_after_another(shopper: Shopper) -> None:
            for _ in left:
                shopper.journey()

        gevent.joinall([gevent.spawn(one_after_another, shopper) for shopper in shoppers], raise_error=True)

    perform(2 * AT_ONCE)
    with told(order.journeys):
        perform(order.journeys)


if __name__ == "__main__":
    main(order())
