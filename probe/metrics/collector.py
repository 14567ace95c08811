"""`/metrics`: the agent's status as prometheus-client exposes it. Nothing is kept between two scrapes."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE_OPENMETRICS
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from probe.metrics.catalog import CONSTANT, OF_AGENT, OF_RUN, PROCESS, Kind, Metric
from probe.metrics.samples import Sample, agent_samples, read, samples
from probe.model.status import AgentStatus


class Exposition(Struct, frozen=True):
    content_type: str
    body: bytes


def expose(agent: AgentStatus, accept: str) -> Exposition:
    """In OpenMetrics for whoever asks for that first, else in Prometheus' text format.

    Not by `prometheus_client.exposition.choose_encoder`: it fails on a version that is no number and promises whatever
    version it is asked for.
    """
    for wanted in accept.lower().split(","):
        media_type = wanted.partition(";")[0].strip()
        if media_type == "application/openmetrics-text":
            body = generate_openmetrics(AgentCollector(agent))  # type: ignore[no-untyped-call]
            return Exposition(CONTENT_TYPE_OPENMETRICS, body)
        if media_type == "text/plain":
            break
    return Exposition(CONTENT_TYPE_PLAIN_0_0_4, generate_latest(AgentCollector(agent)))


class AgentCollector(Collector):
    """The families of the catalogue, in its order, without those that have no series."""

    def __init__(self, agent: AgentStatus) -> None:
        self._agent = agent

    def collect(self) -> Iterable[Family]:
        """One family at a time: a garbage collection of all samples at once would hold up the event loop."""
        families = (_family(metric, found) for metric, found in _by_metric(self._agent))
        return (family for family in families if family.samples)


def _by_metric(agent: AgentStatus) -> Iterator[tuple[Metric[Any], Iterator[Sample]]]:
    runs = [journey.last for journey in agent.journeys if journey.last is not None]
    for of_run in OF_RUN:
        yield of_run, (sample for run in runs for sample in samples(run, (of_run,)))
    for of_agent in OF_AGENT:
        yield of_agent, agent_samples(agent, (of_agent,))
    process = {family.samples[0].name: family.samples[0].value for family in ProcessCollector(registry=None).collect()}
    for of_process in PROCESS:
        yield of_process, read((of_process,), process, (agent.region, agent.agent, agent.env), agent.now)


def _family(metric: Metric[Any], found: Iterable[Sample]) -> Family:
    labels = (*CONSTANT, *metric.labels)
    match metric.kind:
        case Kind.GAUGE:
            gauge = GaugeMetricFamily(metric.name, metric.help, labels=labels, unit=metric.unit)
            for sample in found:
                gauge.add_metric(tuple(sample.labels.values()), sample.value)
            return gauge
        case Kind.COUNTER:
            counter = CounterMetricFamily(metric.name, metric.help, labels=labels, unit=metric.unit)
            for sample in found:
                counter.add_metric(tuple(sample.labels.values()), sample.value)
            return counter
        case Kind.INFO:
            info = InfoMetricFamily(metric.name.removesuffix("_info"), metric.help, labels=())
            for sample in found:
                info.add_metric((), dict(sample.labels))
            return info
