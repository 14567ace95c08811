"""curl, a process for each journey: what a shell script costs."""

import subprocess

from bench.journeys.client import CALLS, Order, children_told, order


def main(order: Order) -> None:
    command = ["curl"]
    for _, path, body in CALLS[: order.steps]:
        sending = ["-H", "Content-Type: application/json", "-d", body.decode()] if body else []
        command += ["--fail", "-s", "-o", "/dev/null", "--cacert", order.ca, *sending, order.url + path, "--next"]
    subprocess.run(command[:-1], check=True)
    with children_told(order.journeys):
        for _ in range(order.journeys):
            subprocess.run(command[:-1], check=True)


if __name__ == "__main__":
    main(order())
