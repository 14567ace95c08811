import pytest

from probe.errors import StepFailure
from probe.model.result import Cause, Failure
from probe.model.timing import Phase
from probe.steps.recorded import recorded
from tests.steps.asking import attempt


async def test_an_exchange_is_recorded_when_it_went_well() -> None:
    performance = attempt()
    async with recorded("TCP", "tcp://shop:80", performance, awaited=False) as marks:
        marks.begin(Phase.CONNECT)
        marks.end()
    (exchange,) = performance.exchanges
    assert (exchange.method, exchange.url, exchange.failure, list(exchange.phases)) == (
        "TCP",
        "tcp://shop:80",
        None,
        [Phase.CONNECT, Phase.OTHER],
    )
    assert sum(exchange.phases.values()) == exchange.duration_ns


@pytest.mark.parametrize("error", [StepFailure(Failure(Cause.TLS, "no")), TimeoutError()])
async def test_and_when_it_did_not(error: Exception) -> None:
    performance = attempt()
    with pytest.raises(type(error)):  # noqa: PT012
        async with recorded("TLS", "tls://shop:443", performance, awaited=False) as marks:
            marks.begin(Phase.TLS)
            raise error
    (exchange,) = performance.exchanges
    failure = error.failure if isinstance(error, StepFailure) else None
    assert (exchange.failure, performance.waiting_in, performance.sent) == (failure, Phase.TLS, False)
