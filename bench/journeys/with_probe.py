"""The whole of run_journey: templates, checks, captures, the kernel's clock, redaction, and the record, encoded."""

import sys
from functools import partial
from pathlib import Path

import uvloop
from msgspec.structs import replace

from bench.journeys.client import Order, order, perform, trust
from probe.model.codec import encode_run
from probe.model.journey import Journey
from probe.model.result import Trigger, Verdict
from probe.runner import run_journey
from probe.settings import Settings
from probe.spec.load import load_journey


async def main(order: Order, file: str) -> None:
    settings = Settings(
        trigger=Trigger.MANUAL,
        region="here",
        agent="bench",
        environ={"BENCH_SHOP": order.url, "BENCH_CARD": "4242424242424242"},
        tls=trust(order.ca),
    )
    journey = load_journey(Path(__file__).with_name(file))
    first = replace(journey, steps=journey.steps[: order.steps])
    await perform(partial(run, first, settings), order.journeys)


async def run(journey: Journey, settings: Settings) -> None:
    run = await run_journey(journey, settings)
    assert run.verdict is Verdict.PASSED, run.failure
    assert encode_run(run)


if __name__ == "__main__":
    uvloop.run(main(order(), sys.argv[5]))
