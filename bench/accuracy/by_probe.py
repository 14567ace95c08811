"""`probe` itself, whole: a journey from its file to its record."""

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.accuracy.loads import drive, work
from bench.accuracy.reading import SIZES, Reading, Readings, Target
from probe.model.journey import Journey
from probe.model.result import Exchange, Trigger, Verdict
from probe.model.timing import Clock, Phase
from probe.runner import run_journey
from probe.settings import NAMESERVERS, Settings
from probe.spec.load import load_journey

_OF_THE_WIRE = (Phase.CONNECT, Phase.TLS, Phase.PROCESSING, Phase.TRANSFER)

FILE = """\
journey: accuracy
variables: {{origin: "", number: ""}}
steps:
{steps}
"""
STEP = """\
  - name: step {step}
    http: {{get: "${{origin}}/{size}/${{number}}/{step}"}}
    check: [{{status: 200}}]
"""


async def measure(target: Target) -> Readings:
    tls = ssl.create_default_context(cafile=target.authority)
    journeys = [_journey(sizes) for sizes in SIZES]

    async def travel(number: int) -> list[Reading]:
        origin = f"{target.scheme}://j{number}.shop.test:{target.port}"
        settings = Settings(
            Trigger.MANUAL,
            region="",
            agent="",
            environ={NAMESERVERS: target.nameserver},
            variables={"origin": origin, "number": str(number)},
            tls=tls,
        )
        run = await run_journey(journeys[number % 2], settings)
        if run.verdict is not Verdict.PASSED:
            raise ValueError(run.failure)
        exchanges = [step.attempts[0].exchanges[0] for step in run.steps]
        return [_reading(number, step, exchange) for step, exchange in enumerate(exchanges)]

    return await drive(target.load, target.seconds, travel)


def _journey(sizes: tuple[int, ...]) -> Journey:
    steps = "".join(STEP.format(step=step, size=size) for step, size in enumerate(sizes))
    with TemporaryDirectory() as folder:
        file = Path(folder, "accuracy.yaml")
        file.write_text(FILE.format(steps=steps))
        return load_journey(file)


def _reading(number: int, step: int, exchange: Exchange) -> Reading:
    figures = {str(phase): took for phase, took in exchange.phases.items()}
    figures["phases"] = sum(exchange.phases.get(phase, 0) for phase in _OF_THE_WIRE)
    figures["total"] = exchange.duration_ns - exchange.phases.get(Phase.RESOLVE, 0)
    if exchange.min_rtt_ns is not None and not exchange.reused:
        figures["rtt"] = exchange.min_rtt_ns
    doubts = {
        "user": exchange.clock is Clock.USER,
        "uncertain": exchange.uncertain_ns > 0,
        "held up": exchange.held_up_ns > 0,
    }
    held = tuple(doubt for doubt, holds in doubts.items() if holds)
    return Reading(number, step, figures, held, exchange.uncertain_ns)


if __name__ == "__main__":
    work(measure)
